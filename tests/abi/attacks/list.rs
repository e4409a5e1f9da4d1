//! The attacks of `modules/attacks_*.c`, and how the page calls them.

/// One function of the C files.
#[derive(Clone, Copy)]
pub(super) struct Attack {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    pub(super) alone: Alone,
}

/// What the page says of each wall alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Alone {
    /// What is measured.
    Measured,
    /// The same, but what the user nobody may depends on settings of the machine, such as Yama's.
    BySettings,
    /// Nothing: the filters that take walls away would stop it themselves.
    NotTried,
}

/// One table of the page.
pub(super) struct Chapter {
    pub(super) name: &'static str,
    /// Nothing stops these: a module is there to read.
    pub(super) by_design: bool,
    pub(super) attacks: &'static [Attack],
}

const fn attack(name: &'static str, what: &'static str) -> Attack {
    Attack {
        name,
        what,
        alone: Alone::Measured,
    }
}

const fn alone(alone: Alone, attack: Attack) -> Attack {
    Attack { alone, ..attack }
}

/// Every attack.
pub(super) const CHAPTERS: &[Chapter] = &[
    Chapter {
        name: "changing files",
        by_design: false,
        attacks: &[
            attack("create_below_the_root", "create a file below the root"),
            attack("create_outside", "create a file beside the root, through `..`"),
            attack(
                "create_without_a_name",
                "create a file without a name (`O_TMPFILE`)",
            ),
            attack(
                "overwrite_what_all_may_write",
                "open a file of mode 0666 to write",
            ),
            attack(
                "overwrite_what_root_may_write",
                "open a file of mode 0600 to write",
            ),
            attack("overwrite_a_module", "open a module file to write"),
            attack("map_a_file_to_write", "map a file to write"),
            attack("truncate_by_name", "`truncate`"),
            attack(
                "truncate_while_opening",
                "open read-only and truncate (`O_RDONLY` and `O_TRUNC`)",
            ),
            attack(
                "truncate_by_openat2",
                "the same through `openat2`, whose flags no filter sees",
            ),
            attack("fill_the_disk", "write 4 MiB to a new file"),
            attack("make_a_folder", "make a folder"),
            attack("make_a_fifo", "make a FIFO"),
            attack("make_a_link", "make a link"),
            attack("make_a_hard_link", "make a second name of a file"),
            attack("rename_a_file", "rename a file"),
            attack("remove_a_file", "remove a file"),
            attack("change_mode", "make a file set-user-id (`chmod`)"),
            attack("change_owner", "`chown`"),
            attack("change_times", "change a file's times"),
            attack("change_attributes", "set an extended attribute"),
            attack("lock_a_file", "lock a file against its program (`fcntl`)"),
            attack("flock_a_file", "the same with `flock`"),
            attack("command_a_device", "`ioctl`"),
            attack("keep_a_file_in_memory", "make a file in memory (`memfd_create`)"),
            attack("keep_memory_behind", "leave shared memory behind (`shmget`)"),
        ],
    },
    Chapter {
        name: "reading",
        by_design: false,
        attacks: &[
            attack("read_through_dots", "read beside the root, through `..`"),
            attack(
                "read_through_a_link",
                "read beside the root, through a link below it",
            ),
            attack("read_after_chdir", "the same after `chdir`"),
            attack("read_through_proc", "the same through `/proc/self/root`"),
            attack(
                "read_by_handle",
                "the same by number, past all folders (`open_by_handle_at`)",
            ),
            attack(
                "read_the_systems_files",
                "read `/etc/passwd` of the running system",
            ),
            attack("list_a_folder_outside", "list a folder beside the root"),
            attack(
                "read_the_cores_environment",
                "read the environment of a process of root's",
            ),
            attack("read_the_cores_memory", "open the memory of a process of root's"),
            attack("watch_a_folder", "watch a folder (`inotify`)"),
        ],
    },
    Chapter {
        name: "telling somebody",
        by_design: false,
        attacks: &[
            attack("connect_tcp", "connect by TCP"),
            attack(
                "connect_tcp_by_sending",
                "the same by sending first (`MSG_FASTOPEN`)",
            ),
            attack("listen_tcp", "listen on a TCP port"),
            attack("send_udp", "send by UDP"),
            attack("send_raw", "open a raw socket"),
            attack("ask_the_kernel", "open a netlink socket"),
            attack("connect_unix", "connect to a socket in the file system"),
            attack("connect_abstract", "connect to an abstract socket"),
            attack("pair_of_sockets", "make a pair of sockets"),
            attack("write_past_the_pipe", "make a pipe"),
            attack("open_a_fifo_to_write", "open a FIFO to write"),
            attack("message_queue", "make a message queue"),
        ],
    },
    Chapter {
        name: "processes",
        by_design: false,
        attacks: &[
            attack("fork_a_child", "fork"),
            attack("start_a_thread", "start a thread"),
            attack("run_a_shell", "run `/bin/sh`"),
            attack(
                "run_a_shell_by_the_loader",
                "run it as an argument of the loader (`ld.so /bin/sh`)",
            ),
            attack(
                "run_what_is_in_memory",
                "run a program from memory (`memfd_create`, `fexecve`)",
            ),
            attack("kill_the_core", "kill a process of root's"),
            attack(
                "kill_another_module",
                "kill a process of nobody's, as other modules are",
            ),
            attack("kill_by_thread", "the same with `tgkill`"),
            attack("kill_by_descriptor", "the same with a `pidfd`"),
            attack(
                "kill_by_a_ready_pipe",
                "the same with a signal when a pipe is ready (`F_SETOWN`)",
            ),
            attack("trace_the_core", "trace a process of root's (`ptrace`)"),
            alone(
                Alone::BySettings,
                attack("trace_another_module", "trace a process of nobody's"),
            ),
            alone(
                Alone::BySettings,
                attack(
                    "read_another_modules_memory",
                    "read its memory (`process_vm_readv`)",
                ),
            ),
            attack("slow_another_module", "make it slower (`setpriority`)"),
            attack(
                "limit_the_core",
                "lower the limits of a process of root's (`prlimit`)",
            ),
            attack(
                "leave_the_session",
                "leave the process group that is killed after the scan",
            ),
            attack(
                "live_on_without_the_core",
                "ask not to die with the core (`PR_SET_PDEATHSIG`)",
            ),
            attack("stop_the_clock", "stop the timer that ends it"),
        ],
    },
    Chapter {
        name: "more rights and means",
        by_design: false,
        attacks: &[
            alone(
                Alone::NotTried,
                attack("become_root", "become root (`setresuid`)"),
            ),
            alone(
                Alone::NotTried,
                attack("become_another_user", "become another user"),
            ),
            alone(
                Alone::NotTried,
                attack("take_capabilities", "take `CAP_SYS_ADMIN` (`capset`)"),
            ),
            attack("raise_a_limit", "raise a limit"),
            alone(
                Alone::BySettings,
                attack("namespace_of_users", "a user namespace, where it would be root"),
            ),
            attack("mount_over_a_folder", "mount something over a folder"),
            attack("change_root", "`chroot`"),
            attack("rename_the_machine", "change the machine's name"),
            attack("randomness_off", "turn address randomness off (`personality`)"),
            alone(
                Alone::NotTried,
                attack("filter_of_its_own", "install a filter of system calls"),
            ),
            alone(
                Alone::BySettings,
                attack("load_a_program_into_the_kernel", "make a BPF map"),
            ),
            alone(
                Alone::BySettings,
                attack("input_past_the_filter", "`io_uring`, whose calls no filter sees"),
            ),
            attack("keys_of_the_kernel", "use the kernel's key rings"),
            alone(Alone::BySettings, attack("count_events", "`perf_event_open`")),
            alone(Alone::BySettings, attack("handle_page_faults", "`userfaultfd`")),
            alone(
                Alone::NotTried,
                attack(
                    "calls_of_another_abi",
                    "a system call of 32-bit programs (`int 0x80`)",
                ),
            ),
            attack("four_gigabytes", "take 4 GiB of memory"),
            attack("many_descriptors", "open 300 files"),
            attack("lock_memory", "lock 1 MiB of memory"),
        ],
    },
    Chapter {
        name: "not stopped",
        by_design: true,
        attacks: &[
            attack(
                "read_what_root_may_read",
                "read a file of mode 0600 below the root",
            ),
            attack("read_a_device", "read from a device below the root"),
            attack(
                "look_at_what_is_outside",
                "ask for size and times of a file beside the root (`stat`)",
            ),
        ],
    },
];

/// The attacks of `modules/attacks.py`.
pub(super) const PYTHON: &[Attack] = &[
    attack("write_a_file", "`open(…, \"w\")`"),
    attack("temporary_file", "`tempfile`"),
    attack("database", "`sqlite3`, which creates a file"),
    attack("connect", "`socket.create_connection`"),
    attack("resolve_a_name", "a UDP socket, as who asks for a name needs"),
    attack("run_a_program", "`subprocess.run`"),
    attack("run_a_shell_line", "`os.system`"),
    attack("become_another_program", "`os.execv` of a shell"),
    attack("become_itself_again", "`os.execv` of its own interpreter"),
    attack("fork", "`os.fork`"),
    attack("start_a_process", "`multiprocessing`"),
    attack("start_a_thread", "`threading`"),
    attack("kill_the_core", "`os.kill` of a process of root's"),
    attack("call_the_kernel", "`ctypes`: `mkdir` of the C library"),
    attack("raise_a_limit", "`resource.setrlimit`"),
    attack("read_outside", "`open` beside the root, through `..`"),
    attack("read_through_a_link", "`open` of a link that leaves the root"),
    attack(
        "read_the_cores_environment",
        "`open` of another process's environment",
    ),
];
