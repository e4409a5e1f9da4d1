//! A small server with a bit of everything, as the module sees it.

use assay_module_systemd::Systemd;
use assay_sdk::testkit::Fixture;

#[test]
fn a_server() {
    let fixture = Fixture::new()
        .link("/lib", "usr/lib")
        .link("/bin", "usr/bin")
        .file("/etc/passwd", "root:x:0:0::/root:/bin/sh\nmira:x:1000:1000::/home/mira:/bin/bash\n")
        .folder("/root")
        .script("/usr/bin/dash", "")
        .link("/usr/bin/sh", "dash")
        .script("/usr/sbin/relayd", "")
        .script("/usr/local/sbin/prune", "")
        // A daemon with an alias, enabled, and with an administrator's override.
        .file(
            "/usr/lib/systemd/system/relay.service",
            "[Unit]\nDescription=Mail relay\nAfter=network.target\nConditionPathExists=!/etc/relay/off\n\
             [Service]\nType=notify\nExecStart=/usr/sbin/relayd -f \\\n  -c /etc/relay.conf\nUser=relay\n\
             EnvironmentFile=-/etc/default/relay\n[Install]\nWantedBy=multi-user.target\nAlias=mta.service\n",
        )
        .file("/etc/default/relay", "OPTIONS=-v\nLD_PRELOAD=/opt/relay/shim.so\n")
        .link("/etc/systemd/system/multi-user.target.wants/relay.service", "/lib/systemd/system/relay.service")
        .link("/etc/systemd/system/mta.service", "/lib/systemd/system/relay.service")
        .file(
            "/etc/systemd/system/relay.service.d/20-limits.conf",
            "[Service]\nMemoryMax=1G\nEnvironment=RELAY_PASSWORD=hunter2 MODE=fast\n",
        )
        .file("/etc/systemd/system/mta.service.d/10-sandbox.conf", "[Service]\nNoNewPrivileges=yes\n")
        // A timer and its service.
        .file("/etc/systemd/system/prune.timer", "[Timer]\nOnCalendar=Mon 04:10\nOnBootSec=3min\nPersistent=true\n")
        .file(
            "/etc/systemd/system/prune.service",
            "[Service]\nType=oneshot\nExecStart=-/bin/sh -c 'prune --days 30; exec /opt/missing'\n",
        )
        // A socket that starts an instance a connection, a mount, a mask, a type's and an instance's drop-ins.
        .file("/usr/lib/systemd/system/echo.socket", "[Socket]\nListenStream=7777\nAccept=yes\n")
        .file("/usr/lib/systemd/system/echo@.service", "[Service]\nExecStart=/usr/lib/echo/%i\nStandardInput=socket\n")
        .file("/usr/lib/systemd/system/srv-data.mount", "[Mount]\nWhat=/dev/vdb\nWhere=/srv/data\nType=ext4\nOptions=nosuid\n")
        .file("/usr/lib/systemd/system/audit.service", "[Service]\nExecStart=/sbin/auditd\n")
        .link("/etc/systemd/system/audit.service", "/dev/null")
        .file("/etc/systemd/system/service.d/all.conf", "[Service]\nExecStartPost=/opt/telemetry\n")
        .file("/etc/systemd/system/echo@blue.service.d/x.conf", "[Service]\nUser=blue\n")
        // Run time, users, homes.
        .file("/run/systemd/generator.late/legacy.service", "[Service]\nExecStart=/etc/init.d/legacy start\n")
        .link("/run/systemd/generator.late/multi-user.target.wants/legacy.service", "../legacy.service")
        .file("/run/systemd/transient/run-u7.service", "[Service]\nExecStart=\"/opt/once\" \"a b\"\n")
        .file("/run/systemd/transient/session-4.scope", "[Scope]\n")
        .link("/etc/xdg/systemd/user", "../../systemd/user")
        .file("/usr/lib/systemd/user/bus.socket", "[Socket]\nListenStream=%t/bus\n")
        .file("/etc/systemd/user/agent.service", "[Service]\nExecStart=%h/.agent\n")
        .file("/home/mira/.config/systemd/user/sync.service", "[Service]\nExecStart=%h/bin/sync %n\n")
        .link("/home/mira/.config/systemd/user/default.target.wants/sync.service", "../sync.service")
        .file("/run/user/1000/systemd/transient/app-browser-1.scope", "[Scope]\n")
        .file("/run/user/1000/systemd/user/tmp.path", "[Path]\nPathChanged=/srv/in\nUnit=agent.service\n")
        // Generators, environment, lingering.
        .script("/usr/lib/systemd/system-generators/fstab-generator", "#!/bin/sh\n")
        .link("/etc/systemd/user-generators/fstab", "/usr/lib/systemd/system-generators/fstab-generator")
        .link("/etc/systemd/system-generators/rc-generator", "/dev/null")
        .file("/etc/environment.d/50-ui.conf", "# looks\nTHEME='dark blue'\nAPI_KEY=1234\n")
        .link("/usr/lib/environment.d/99-environment.conf", "/etc/environment")
        .file("/etc/environment", "LANG=C\n")
        .file("/etc/systemd/system.conf", "[Manager]\nLogLevel=info\nDefaultEnvironment=\"LD_AUDIT=/opt/a.so:/opt/b.so\" LANG=C\n")
        .file("/var/lib/systemd/linger/mira", "");
    insta::assert_snapshot!(fixture.collect::<Systemd>().snapshot());
}
