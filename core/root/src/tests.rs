use super::*;
use std::fs as host;
use std::os::unix::fs::symlink;

/// A root with links that try to leave it, next to a file that only they could reach.
fn roots() -> (tempfile::TempDir, [Root; 2]) {
    let scratch = tempfile::tempdir().unwrap();
    host::write(scratch.path().join("outside"), "outside").unwrap();
    let top = scratch.path().join("root");
    host::create_dir_all(top.join("etc/deep/er")).unwrap();
    host::write(top.join("etc/passwd"), "inside").unwrap();
    for (link, target) in [
        ("abs", "/etc/passwd"),
        ("up", "../outside"),
        ("far", "../../../../../../../../etc/passwd"),
        ("a", "b"),
        ("b", "a"),
        ("gone", "/nowhere/at/all"),
        ("folder", "etc/deep"),
        ("etc/deep/er/back", "../../passwd"),
        ("magic", "/proc/self/root/etc/passwd"),
    ] {
        symlink(target, top.join(link)).unwrap();
    }
    // The one way that every system has.
    assert!(
        std::process::Command::new("mkfifo")
            .arg(top.join("fifo"))
            .status()
            .unwrap()
            .success()
    );
    let both = [Root::open(&top).unwrap(), Root::open_portable(&top).unwrap()];
    (scratch, both)
}

#[test]
fn links_resolve_inside_and_never_leave() {
    let (_scratch, roots) = roots();
    for root in roots {
        for inside in [
            "/abs",
            "/far",
            "/folder/er/back",
            "/etc/../etc/./passwd",
            "/../etc/passwd",
        ] {
            assert_eq!(
                root.read(Path::new(inside), 99).unwrap(),
                b"inside",
                "{inside} {root:?}"
            );
            assert_eq!(
                root.canonical(Path::new(inside)).unwrap(),
                Path::new("/etc/passwd"),
                "{inside}"
            );
        }
        for nothing in ["/up", "/gone", "/magic", "/etc/passwd/x", "/none"] {
            assert!(
                root.read(Path::new(nothing), 99).unwrap_err().is_not_found(),
                "{nothing} {root:?}"
            );
            assert!(
                root.canonical(Path::new(nothing)).unwrap_err().is_not_found(),
                "{nothing} {root:?}"
            );
        }
        assert!(matches!(
            root.read(Path::new("/a"), 99).unwrap_err().why,
            Why::Loop
        ));
        assert_eq!(root.canonical(Path::new("/")).unwrap(), Path::new("/"));
        assert_eq!(
            root.canonical(Path::new("/folder/..")).unwrap(),
            Path::new("/etc")
        );
    }
}

#[test]
fn only_regular_files_are_opened() {
    let (_scratch, roots) = roots();
    for root in roots {
        for (path, file_type) in [("/fifo", FileType::Fifo), ("/etc", FileType::Directory)] {
            let why = root.open_file(Path::new(path), Last::Follow).unwrap_err().why;
            assert!(
                matches!(why, Why::WrongType(found) if found == file_type),
                "{path}: {why}"
            );
        }
        let why = root.open_file(Path::new("/abs"), Last::Keep).unwrap_err().why;
        assert!(matches!(why, Why::WrongType(FileType::Symlink)), "{why}");
        assert!(matches!(
            root.read(Path::new("/abs"), 5).unwrap_err().why,
            Why::TooBig { limit: 5 }
        ));
        assert_eq!(root.read(Path::new("/abs"), 6).unwrap(), b"inside");
    }
}

#[test]
fn what_is_avoided_is_not_even_looked_at() {
    let (scratch, roots) = roots();
    let top = scratch.path().join("root").canonicalize().unwrap();
    for root in roots {
        let root = root.avoiding(&[top.join("etc/deep"), top.clone(), "/elsewhere".into()]);
        for path in [
            "/etc/deep",
            "/etc/deep/er",
            "/folder/er",
            "/folder/er/back",
            "/etc/../folder/x",
        ] {
            let path = Path::new(path);
            let all = [
                root.stat(path, Last::Follow).map(drop),
                root.list(path).map(drop),
                root.read(path, 9).map(drop),
                root.canonical(path).map(drop),
            ];
            assert!(
                all.into_iter()
                    .all(|found| matches!(found.unwrap_err().why, Why::NoAnswer)),
                "{path:?}"
            );
        }
        assert!(
            root.stat(Path::new("/folder"), Last::Keep).unwrap().is_some(),
            "a link is not what it leads to"
        );
        assert_eq!(root.read(Path::new("/abs"), 6).unwrap(), b"inside");
    }
}

#[test]
fn whatever_is_there_can_be_looked_at() {
    let (_scratch, roots) = roots();
    for root in roots {
        for (path, last, expected) in [
            ("/fifo", Last::Follow, Some(FileType::Fifo)),
            ("/abs", Last::Keep, Some(FileType::Symlink)),
            ("/abs", Last::Follow, Some(FileType::RegularFile)),
            ("/", Last::Keep, Some(FileType::Directory)),
            ("/etc/..", Last::Follow, Some(FileType::Directory)),
            ("/gone", Last::Follow, None),
            ("/etc/passwd/x", Last::Keep, None),
        ] {
            let stat = root.stat(Path::new(path), last).unwrap();
            assert_eq!(
                stat.map(|stat| FileType::from_raw_mode(stat.st_mode)),
                expected,
                "{path} {root:?}"
            );
        }
    }
}

#[test]
fn lists_are_sorted_and_say_what_each_name_is() {
    let (_scratch, roots) = roots();
    for root in roots {
        let names = root.list(Path::new("/folder/..")).unwrap();
        let names: Vec<_> = names
            .iter()
            .map(|n| (n.name.to_str().unwrap(), n.file_type))
            .collect();
        assert_eq!(
            names,
            [("deep", FileType::Directory), ("passwd", FileType::RegularFile)]
        );
        let why = root.list(Path::new("/abs")).unwrap_err().why;
        assert!(matches!(why, Why::WrongType(FileType::RegularFile)), "{why}");
        assert_eq!(
            root.read_link(Path::new("/folder/er/back")).unwrap(),
            Path::new("../../passwd")
        );
    }
}

#[test]
fn a_folder_that_flips_to_a_link_never_shows_another_folder() {
    let (scratch, [root, portable]) = roots();
    let top = scratch.path().join("root");
    host::create_dir(scratch.path().join("secret")).unwrap();
    host::write(scratch.path().join("secret/escaped"), "").unwrap();
    host::create_dir(top.join("flip")).unwrap();
    symlink(scratch.path().join("secret"), top.join("link")).unwrap();
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let exchange = rustix::fs::RenameFlags::EXCHANGE;
                let cwd = rustix::fs::CWD;
                rustix::fs::renameat_with(cwd, top.join("flip"), cwd, top.join("link"), exchange).unwrap();
            }
        });
        for _ in 0..20_000 {
            for root in [&root, &portable] {
                if let Ok(names) = root.list(Path::new("/flip")) {
                    assert!(names.is_empty(), "escaped: {names:?}");
                }
            }
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}

/// Each act changes something that a scan looked at, and is noticed; what it did not look at is not.
#[test]
fn whatever_was_looked_at_and_changed_is_noticed() {
    type Act = fn(&Path);
    let acts: &[(&str, bool, Act)] = &[
        ("nothing", true, |_| {}),
        ("an unrelated file", true, |top| {
            host::write(top.join("other/new"), "").unwrap();
        }),
        ("content", false, |top| {
            host::write(top.join("etc/passwd"), "INSIDE").unwrap();
        }),
        ("mode", false, |top| {
            host::set_permissions(
                top.join("etc/passwd"),
                std::os::unix::fs::PermissionsExt::from_mode(0o600),
            )
            .unwrap();
        }),
        ("a new name in a listed folder", false, |top| {
            host::write(top.join("etc/deep/new"), "").unwrap();
        }),
        ("a listed folder replaced", false, |top| {
            host::rename(top.join("etc/deep"), top.join("other/deep")).unwrap();
            host::create_dir(top.join("etc/deep")).unwrap();
        }),
        ("what was absent", false, |top| {
            host::write(top.join("etc/absent"), "").unwrap();
        }),
        ("a link on the way", false, |top| {
            host::rename(top.join("etc/deep"), top.join("etc/real")).unwrap();
            symlink("real", top.join("etc/deep")).unwrap();
        }),
        ("a link turned", false, |top| {
            host::remove_file(top.join("folder")).unwrap();
            symlink("etc", top.join("folder")).unwrap();
        }),
        ("a dangling link that leads somewhere now", false, |top| {
            host::create_dir_all(top.join("nowhere/at/all")).unwrap();
        }),
        ("removal", false, |top| {
            host::remove_file(top.join("etc/deep/er/back")).unwrap();
        }),
    ];
    for (what, same, act) in acts {
        let (scratch, [root, _]) = roots();
        let top = scratch.path().join("root");
        host::create_dir(top.join("other")).unwrap();
        let root = root.traced();
        root.read(Path::new("/abs"), 99).unwrap();
        root.list(Path::new("/folder")).unwrap();
        root.canonical(Path::new("/etc/deep/er")).unwrap();
        root.canonical(Path::new("/gone")).unwrap_err();
        root.stat(Path::new("/folder/er/back"), Last::Follow)
            .unwrap()
            .unwrap();
        assert!(root.stat(Path::new("/etc/absent"), Last::Keep).unwrap().is_none());
        let (inputs, complete) = root.inputs();
        assert!(!complete, "files made just now may change again unseen");
        act(&top);
        let fresh = Root::open(&top).unwrap();
        assert_eq!(
            Checker::new(&fresh).all_same(&inputs),
            *same,
            "{what}: {inputs:#?}"
        );
    }
}

#[test]
fn what_cannot_be_relied_on_ends_the_trace() {
    let (_scratch, [root, _]) = roots();
    let settled = |look: fn(&Root)| {
        // Long after everything was made.
        let root = Root {
            trace: Some(Tracing::started_at(i64::MAX)),
            ..Root::open(root.path()).unwrap()
        };
        look(&root);
        root.inputs().1
    };
    assert!(settled(|root| _ = root.list(Path::new("/etc")).unwrap()));
    assert!(settled(|root| _ = root.read(Path::new("/none"), 9).unwrap_err()));
    assert!(
        !settled(|root| _ = root.canonical(Path::new("/a")).unwrap_err()),
        "a loop may be of this moment"
    );
    let live = Root {
        trace: Some(Tracing::started_at(i64::MAX)),
        ..Root::open(Path::new("/")).unwrap()
    };
    live.read(Path::new("/proc/version"), 9999).unwrap();
    assert!(!live.inputs().1, "the kernel's files change without a sign");
}
