//! What a vendor's installer puts on a Mac: an application with a helper that opens at login, an agent, and a daemon
//! that is a privileged helper; and what macOS writes about them by itself.

use super::stores::{BACKGROUND_ITEMS, ROOT, background_items};
use super::{Mac, system::ANA};
use std::fs;

pub(super) struct Vendor {
    pub(super) name: &'static str,
    /// How the identifiers of its things begin.
    pub(super) identifier: &'static str,
    pub(super) developer: &'static str,
    pub(super) team: &'static str,
}

pub(super) const ACME: Vendor = Vendor {
    name: "Acme Sync",
    identifier: "com.acme.sync",
    developer: "Acme Software GmbH",
    team: "7QX2M4ACME",
};

pub(super) const BEACON: Vendor = Vendor {
    name: "Beacon",
    identifier: "net.beacon",
    developer: "Beacon Labs, Inc.",
    team: "K93LBEACON",
};

impl Vendor {
    pub(super) fn app(&self) -> String {
        format!("/Applications/{}.app", self.name)
    }
    pub(super) fn menu(&self) -> String {
        format!(
            "{}/Contents/Library/LoginItems/{} Menu.app",
            self.app(),
            self.name
        )
    }
    pub(super) fn agent(&self) -> String {
        format!("/Library/LaunchAgents/{}.agent.plist", self.identifier)
    }
    pub(super) fn agent_program(&self) -> String {
        format!("{}/Contents/Resources/agent", self.app())
    }
    pub(super) fn daemon(&self) -> String {
        format!("/Library/LaunchDaemons/{}.helper.plist", self.identifier)
    }
    pub(super) fn helper(&self) -> String {
        format!("/Library/PrivilegedHelperTools/{}.helper", self.identifier)
    }

    /// What Assay has to tell of it, as `kind key`.
    pub(super) fn entries(&self) -> Vec<String> {
        let (id, app) = (self.identifier, self.app());
        vec![
            format!("application {app}"),
            format!("embedded_login_item {}", self.menu()),
            format!("launch_agent {}", self.agent()),
            format!("launch_daemon {}", self.daemon()),
            format!("privileged_helper {}", self.helper()),
            format!("background_item 2.{id} of {ANA}"),
            format!("background_item 4.{id}.menu of {ANA}"),
            format!("background_item 8.{id}.agent of {ANA}"),
            format!("background_item 16.{id}.helper of {ROOT}"),
            format!("background_item {}", self.item_of_developer()),
        ]
    }

    pub(super) fn item_of_developer(&self) -> String {
        format!("{} of {ANA}", self.developer)
    }
}

impl Mac {
    pub(super) fn install(&self, vendor: &Vendor) {
        let (id, app, program) = (vendor.identifier, vendor.app(), vendor.agent_program());
        self.bundle(&app, id, "CFBundlePackageType = APPL; NSPrincipalClass = NSApplication; CFBundleShortVersionString = \"4.12\";");
        self.bundle(
            &vendor.menu(),
            &format!("{id}.menu"),
            "CFBundlePackageType = APPL; LSUIElement = 1;",
        );
        self.program(&vendor.agent_program());
        self.xml(
            &vendor.agent(),
            &format!(
                "<key>Label</key><string>{id}.agent</string>\
             <key>ProgramArguments</key><array><string>{program}</string><string>--quiet</string></array>\
             <key>RunAtLoad</key><true/><key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>\
             <key>LimitLoadToSessionType</key><string>Aqua</string>"
            ),
        );
        self.program(&vendor.helper());
        self.binary(&vendor.daemon(), &format!(
            "{{ Label = \"{id}.helper\"; Program = \"{}\"; MachServices = {{ \"{id}.helper\" = 1; }}; AssociatedBundleIdentifiers = (\"{id}\"); }}",
            vendor.helper()
        ));
        let all: &[&Vendor] = if vendor.name == ACME.name {
            &[&ACME]
        } else {
            &[&ACME, vendor]
        };
        // Entries name its folder: an upgrade of macOS writes another name.
        self.scratch.file(BACKGROUND_ITEMS, background_items(all));
    }

    pub(super) fn uninstall(&self, vendor: &Vendor) {
        fs::remove_dir_all(self.scratch.host(&vendor.app())).unwrap();
        for path in [vendor.agent(), vendor.daemon(), vendor.helper()] {
            self.scratch.remove(&path);
        }
        self.scratch.file(BACKGROUND_ITEMS, background_items(&[&ACME]));
    }
}
