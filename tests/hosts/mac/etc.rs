//! `/private/etc` and what else a Mac has of a Unix.

use super::Mac;

pub(super) fn put(mac: &Mac) {
    mac.file("/private/var/at/tabs/ben", "# (/tmp/crontab.pQ2 installed on Sat Nov 21 09:14:02 2026)\nSHELL=/bin/zsh\n15 3 * * * /Users/ben/bin/backup --full\n");
    mac.scratch.link("/usr/lib/cron/tabs", "/var/at/tabs");
    mac.file("/private/var/at/at.deny", "nobody\n");
    mac.script(
        "/private/etc/periodic/daily/110.clean-tmps",
        "#!/bin/sh\nexit 0\n",
    );
    mac.script("/private/etc/periodic/weekly/320.whatis", "#!/bin/sh\nexit 0\n");
    mac.file("/private/etc/defaults/periodic.conf", "#!/bin/sh\nperiodic_conf_files=\"/etc/periodic.conf /etc/periodic.conf.local\"\nlocal_periodic=\"/usr/local/etc/periodic\"\n");
    mac.file(
        "/private/etc/newsyslog.conf",
        "# logfilename [owner:group] mode count size when flags\n/var/log/wifi.log 640 10 * $D0 J\n",
    );

    mac.file("/private/etc/pam.d/sudo", "# sudo: auth account password session\nauth       include        sudo_local\nauth       sufficient     pam_smartcard.so\nauth       required       pam_opendirectory.so\naccount    required       pam_permit.so\n");
    mac.file(
        "/private/etc/pam.d/sudo_local",
        "auth       sufficient     pam_tid.so\n",
    );
    for module in ["smartcard", "opendirectory", "permit", "tid"] {
        mac.program(&format!("/usr/lib/pam/pam_{module}.so.2"));
    }
    mac.file("/private/etc/sudoers", "Defaults env_reset\nroot\t\tALL = (ALL) ALL\n%admin\t\tALL = (ALL) ALL\n## Read drop-in files from /private/etc/sudoers.d\n#includedir /private/etc/sudoers.d\n");
    mac.file(
        "/private/etc/sudoers.d/acme",
        "ana ALL = (root) NOPASSWD: /usr/local/sbin/at-login\n",
    );

    mac.file("/private/etc/ssh/sshd_config", "Include /etc/ssh/sshd_config.d/*\nAuthorizedKeysFile .ssh/authorized_keys\nSubsystem sftp /usr/libexec/sftp-server\n");
    mac.file(
        "/private/etc/ssh/sshd_config.d/100-macos.conf",
        "UsePAM yes\nAcceptEnv LANG LC_*\n",
    );
    mac.program("/usr/libexec/sftp-server");

    mac.file("/private/etc/zshrc", "# System-wide\nHISTSIZE=2000\n[ -r \"/etc/zshrc_$TERM_PROGRAM\" ] && . \"/etc/zshrc_$TERM_PROGRAM\"\n");
    mac.file(
        "/private/etc/zprofile",
        "if [ -x /usr/libexec/path_helper ]; then\n\teval `/usr/libexec/path_helper -s`\nfi\n",
    );
    mac.program("/usr/libexec/path_helper");
    mac.file(
        "/private/etc/profile",
        "if [ \"${BASH-no}\" != \"no\" ]; then\n\t[ -r /etc/bashrc ] && . /etc/bashrc\nfi\n",
    );
    mac.file("/private/etc/bashrc", "PS1='\\h:\\W \\u\\$ '\n");
    mac.file(
        "/private/etc/paths",
        "/usr/local/bin\n/usr/bin\n/bin\n/usr/sbin\n/sbin\n",
    );
    mac.file(
        "/private/etc/paths.d/acme",
        "/Applications/Acme Sync.app/Contents/MacOS\n",
    );
    mac.file(
        "/private/etc/shells",
        "# List of acceptable shells\n/bin/bash\n/bin/sh\n/bin/zsh\n",
    );
    mac.file(
        "/private/etc/hosts",
        "127.0.0.1\tlocalhost\n255.255.255.255\tbroadcasthost\n",
    );
}
