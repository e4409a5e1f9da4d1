//! What is in a Mac's databases and libraries: accounts, rights, grants, extensions, profiles, login items.

use super::{Mac, stores};

/// What macOS calls the first of the two users.
pub(super) const ANA: &str = "6F1D0A52-7B1C-4D0E-9A55-0C6E0F4B7A11";
const BEN: &str = "C0A4E1F7-2D3B-4C5D-8E6F-1A2B3C4D5E6F";

pub(super) fn put(mac: &Mac) {
    for (link, target) in [
        ("/etc", "private/etc"),
        ("/var", "private/var"),
        ("/tmp", "private/tmp"),
    ] {
        mac.scratch.link(link, target);
    }
    mac.scratch.file(
        "/System/Library/CoreServices/SystemVersion.plist",
        "<plist><dict><key>ProductName</key><string>macOS</string><key>ProductVersion</key><string>15.6.1</string></dict></plist>",
    );
    accounts(mac);
    apple(mac);
    databases(mac);
    extensions(mac);
    of_users(mac);
}

fn accounts(mac: &Mac) {
    let node = "/private/var/db/dslocal/nodes/Default";
    for (name, uid, id) in [("ana", 501, ANA), ("ben", 502, BEN)] {
        mac.binary(&format!("{node}/users/{name}.plist"), &format!(
            "{{ name = ({name}); uid = (\"{uid}\"); gid = (\"20\"); home = (\"/Users/{name}\"); shell = (\"/bin/zsh\"); realname = (\"{name}\");
               generateduid = (\"{id}\"); passwd = (\"********\"); ShadowHashData = (<6162>); accountPolicyData = (<00>);
               \"authentication_authority\" = (\";ShadowHash;HASHLIST:<SALTED-SHA512-PBKDF2>\", \";SecureToken;\"); }}"
        ));
    }
    mac.binary(&format!("{node}/users/root.plist"), "{ name = (root, \"BUILTIN\\\\Local System\"); uid = (\"0\"); gid = (\"0\");
        home = (\"/private/var/root\"); shell = (\"/bin/sh\"); passwd = (\"*\"); generateduid = (\"FFFFEEEE-DDDD-CCCC-BBBB-AAAA00000000\"); }");
    mac.binary(&format!("{node}/groups/admin.plist"), &format!(
        "{{ name = (admin); gid = (\"80\"); users = (root, ana); groupmembers = (\"{ANA}\"); generateduid = (\"ABCDEFAB-CDEF-ABCD-EFAB-CDEF00000050\"); }}"
    ));
    for shell in ["/bin/sh", "/bin/zsh", "/bin/bash"] {
        mac.program(shell);
    }
}

fn apple(mac: &Mac) {
    mac.program("/usr/sbin/cron");
    mac.binary("/System/Library/LaunchDaemons/com.vix.cron.plist", "{ Label = \"com.vix.cron\"; ProgramArguments = (\"/usr/sbin/cron\");
        KeepAlive = { PathState = { \"/etc/crontab\" = 1; }; }; QueueDirectories = (\"/usr/lib/cron/tabs\"); EnableTransactions = 1; }");
    mac.program("/System/Library/CoreServices/Dock.app/Contents/MacOS/Dock");
    mac.binary("/System/Library/LaunchAgents/com.apple.Dock.plist", "{ Label = \"com.apple.Dock.agent\";
        Program = \"/System/Library/CoreServices/Dock.app/Contents/MacOS/Dock\"; KeepAlive = { SuccessfulExit = 0; }; }");
    mac.binary(
        "/private/var/db/com.apple.xpc.launchd/disabled.plist",
        "{ \"com.openssh.sshd\" = 0; \"com.apple.ftpd\" = 1; }",
    );
    mac.binary(
        "/private/var/db/com.apple.xpc.launchd/disabled.501.plist",
        "{ \"com.acme.sync.agent\" = 0; }",
    );
}

fn databases(mac: &Mac) {
    mac.sqlite("/private/var/db/auth.db", "
        CREATE TABLE rules (id INTEGER PRIMARY KEY, name TEXT, type INTEGER, class INTEGER, 'group' TEXT, kofn INTEGER, timeout INTEGER, flags INTEGER,
            tries INTEGER, version INTEGER, created REAL, modified REAL, hash BLOB, identifier TEXT, requirement BLOB, comment TEXT);
        CREATE TABLE mechanisms (id INTEGER PRIMARY KEY, plugin TEXT, param TEXT, privileged INTEGER);
        CREATE TABLE mechanisms_map (r_id INTEGER, m_id INTEGER, ord INTEGER);
        CREATE TABLE delegates_map (r_id INTEGER, d_id INTEGER, ord INTEGER);
        INSERT INTO rules (id, name, type, class, 'group', timeout, flags, tries) VALUES (1, 'system.login.console', 1, 3, NULL, NULL, 0, 10000),
            (2, 'authenticate-admin', 2, 1, 'admin', 300, 8, 10000), (3, 'system.preferences', 1, 1, 'admin', 2147483647, 9, 10000);
        INSERT INTO mechanisms VALUES (1, 'builtin', 'policy-banner', 0), (2, 'loginwindow', 'login', 0), (3, 'HomeDirMechanism', 'login', 1);
        INSERT INTO mechanisms_map VALUES (1, 1, 0), (1, 2, 1), (1, 3, 2);");
    let access = "CREATE TABLE access (service TEXT NOT NULL, client TEXT NOT NULL, client_type INTEGER NOT NULL, auth_value INTEGER NOT NULL,
            auth_reason INTEGER NOT NULL, auth_version INTEGER NOT NULL, csreq BLOB, policy_id INTEGER, indirect_object_identifier_type INTEGER,
            indirect_object_identifier TEXT NOT NULL DEFAULT 'UNUSED', indirect_object_code_identity BLOB, flags INTEGER,
            last_modified INTEGER NOT NULL DEFAULT 0, pid INTEGER, pid_version INTEGER, boot_uuid TEXT NOT NULL DEFAULT 'UNUSED',
            last_reminded INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (service, client, client_type, indirect_object_identifier));
        INSERT INTO access (service, client, client_type, auth_value, auth_reason, auth_version) VALUES";
    mac.sqlite(
        "/Library/Application Support/com.apple.TCC/TCC.db",
        &format!("{access} ('kTCCServiceSystemPolicyAllFiles', 'com.acme.sync', 0, 2, 4, 1);"),
    );
    mac.sqlite(
        "/Users/ana/Library/Application Support/com.apple.TCC/TCC.db",
        &format!(
            "{access} ('kTCCServiceAddressBook', 'com.acme.sync', 0, 2, 2, 1),
        ('kTCCServiceScreenCapture', 'com.acme.sync', 0, 0, 2, 1);"
        ),
    );
    mac.sqlite("/private/var/db/SystemPolicyConfiguration/SystemPolicy", "
        CREATE TABLE authority (id INTEGER PRIMARY KEY, version INTEGER, type INTEGER, requirement TEXT, allow INTEGER, disabled INTEGER, expires FLOAT,
            priority REAL, label TEXT, filter_unsigned TEXT, flags INTEGER, ctime FLOAT, mtime FLOAT, user TEXT, remarks TEXT);
        INSERT INTO authority (type, requirement, allow, disabled, priority, label) VALUES (1, 'anchor apple', 1, 0, 0, 'Apple System'),
            (1, 'anchor apple generic and notarized', 1, 0, 5, 'Notarized Developer ID');");
}

fn extensions(mac: &Mac) {
    mac.bundle("/Library/Extensions/AcmeFilter.kext", "com.acme.filter", "OSBundleRequired = Root;
        IOKitPersonalities = { Filter = { IOClass = AcmeFilter; IOProviderClass = IOUSBHostDevice; idVendor = 1452; }; };");
    mac.file(
        "/Library/KernelCollections/AuxiliaryKernelExtensions.kc",
        "\u{cf}a collection",
    );
    mac.sqlite("/private/var/db/SystemPolicyConfiguration/KextPolicy", "
        PRAGMA journal_mode = WAL;
        CREATE TABLE kext_policy (team_id TEXT, bundle_id TEXT, allowed BOOLEAN, developer_name TEXT, flags INTEGER, PRIMARY KEY (team_id, bundle_id));
        CREATE TABLE kext_policy_mdm (team_id TEXT, bundle_id TEXT, allowed BOOLEAN, payload_uuid TEXT, PRIMARY KEY (team_id, bundle_id));
        CREATE TABLE kext_load_history_v3 (path TEXT PRIMARY KEY, team_id TEXT, bundle_id TEXT, boot_uuid TEXT, created_at TEXT, last_seen TEXT,
            flags INTEGER, cdhash TEXT);
        INSERT INTO kext_policy VALUES ('7QX2M4ACME', 'com.acme.filter', 1, 'Acme Software GmbH', 8);");
    let staged =
        "/Library/SystemExtensions/0F6E1D8C-9D0A-4B1B-9C39-5F1D2B3A4C5D/com.acme.net.systemextension";
    mac.bundle(staged, "com.acme.net", "CFBundleExecutable = \"com.acme.net\";");
    mac.binary("/Library/SystemExtensions/db.plist", &format!(
        "{{ bootUUID = \"0E0F\"; developerMode = 0; version = 1; extensionPolicies = ();
            extensions = ( {{ identifier = \"com.acme.net\"; teamID = \"7QX2M4ACME\"; uniqueID = \"0F6E1D8C-9D0A-4B1B-9C39-5F1D2B3A4C5D\";
            state = \"activated_enabled\"; categories = (\"com.apple.system_extension.network_extension\");
            originPath = \"/Applications/Acme Sync.app/Contents/Library/SystemExtensions/com.acme.net.systemextension\";
            stagedBundleURL = {{ relative = \"file://{staged}/\"; }}; bundleVersion = {{ CFBundleVersion = \"412\"; CFBundleShortVersionString = \"4.12\"; }};
            container = {{ bundlePath = \"/Applications/Acme Sync.app\"; }}; }} ); }}"
    ));
    mac.bundle(
        "/Library/Security/SecurityAgentPlugins/Card.bundle",
        "com.acme.card",
        "",
    );
    mac.bundle(
        "/Library/Screen Savers/Night.saver",
        "org.sample.night",
        "NSPrincipalClass = Night;",
    );
    mac.bundle("/Library/Audio/Plug-Ins/HAL/Loop.driver", "org.sample.loop", "");
    mac.xml("/private/var/db/ConfigurationProfiles/Store/corp.mobileconfig", "
        <key>PayloadIdentifier</key><string>org.sample.corp</string><key>PayloadType</key><string>Configuration</string>
        <key>PayloadUUID</key><string>0A9B</string><key>PayloadVersion</key><integer>1</integer><key>PayloadScope</key><string>System</string>
        <key>PayloadContent</key><array><dict><key>PayloadType</key><string>com.apple.screensaver</string>
        <key>PayloadIdentifier</key><string>org.sample.corp.saver</string><key>askForPassword</key><true/></dict></array>");
    mac.binary(
        "/Library/Managed Preferences/com.apple.screensaver.plist",
        "{ askForPassword = 1; idleTime = 300; }",
    );
    mac.binary(
        "/Library/Preferences/com.apple.loginwindow.plist",
        "{ LoginHook = \"/usr/local/sbin/at-login\"; lastUserName = ana; }",
    );
    mac.script("/usr/local/sbin/at-login", "#!/bin/sh\nexit 0\n");
}

fn of_users(mac: &Mac) {
    let shared = "Library/Application Support/com.apple.sharedfilelist/com.apple.LSSharedFileList.SessionLoginItems.sfl3";
    mac.file(
        &format!("/Users/ana/{shared}"),
        stores::login_items("Notes Plus", "/Applications/Notes Plus.app"),
    );
    mac.bundle(
        "/Applications/Notes Plus.app",
        "org.sample.notes",
        "LSEnvironment = { LANG = \"de_DE\"; };",
    );
    mac.bundle(
        "/Applications/Notes Plus.app/Contents/PlugIns/Share.appex",
        "org.sample.notes.share",
        "NSExtension = { NSExtensionPointIdentifier = \"com.apple.share-services\"; };",
    );
    mac.bundle("/Users/ben/Applications/Mine.app", "org.sample.mine", "");
    mac.script("/Users/ben/bin/backup", "#!/bin/sh\nexit 0\n");
    mac.xml("/Users/ben/Library/LaunchAgents/local.backup.plist", "<key>Label</key><string>local.backup</string>
        <key>Program</key><string>/Users/ben/bin/backup</string><key>StartCalendarInterval</key><dict><key>Hour</key><integer>3</integer></dict>");
    mac.binary("/Users/ana/Library/Preferences/com.apple.dock.plist", "{ \"mod-count\" = 7; \"persistent-apps\" = (
        { \"tile-data\" = { \"file-label\" = Mine; \"bundle-identifier\" = \"org.sample.mine\"; \"file-data\" = { \"_CFURLString\" = \"file:///Users/ben/Applications/Mine.app/\"; }; }; } ); }");
    mac.file(
        "/Users/ana/.ssh/authorized_keys",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJqIIiw1//75uCCcbHxRE50TXZNF5FEKeElzyYzrdEts ana@desk\n",
    );
    mac.file(
        "/Users/ana/.zshrc",
        "autoload -U compinit\ncompinit\nexport PATH=\"$HOME/bin:$PATH\"\n",
    );
    mac.file(
        "/Users/ana/.zprofile",
        "eval \"$(/opt/homebrew/bin/brew shellenv)\"\n",
    );
    mac.program("/opt/homebrew/bin/brew");
    mac.file("/Users/ben/.bash_profile", "[ -r ~/.bashrc ] && . ~/.bashrc\n");
    mac.file("/Users/ben/.bashrc", "alias ll='ls -l'\n");
}
