//! What developers' tools run: what is seen, and what each change looks like.

use assay_module_developer::Developer;
use assay_sdk::testkit::{Fixture, Seen};

fn scan(fixture: &Fixture) -> Seen {
    fixture.collect::<Developer>()
}

fn linux() -> Fixture {
    Fixture::new()
        .file(
            "/etc/passwd",
            "daemon:x:1:1::/usr/sbin:/bin/sh\nana:x:1000:1000::/home/ana:/bin/sh\n",
        )
        .folder("/home/ana")
        .folder("/usr/sbin/.vscode")
}

fn repository(fixture: Fixture, folder: &str) -> Fixture {
    fixture
        .file(&format!("{folder}/.git/HEAD"), "ref: refs/heads/main\n")
        .file(&format!("{folder}/.git/config"), "[core]\n\tbare = false\n")
}

#[test]
fn git_with_a_bit_of_everything() {
    let fixture = repository(linux(), "/home/ana/src/app")
        .script("/home/ana/src/app/.git/hooks/pre-commit", "#!/bin/sh\n")
        .file("/home/ana/src/app/.git/hooks/post-merge", "#!/bin/sh\n")
        .script("/home/ana/src/app/.git/hooks/pre-push.sample", "")
        .script("/home/ana/src/app/.husky/pre-commit", "")
        .file("/home/ana/src/app/.git/modules/lib/one/HEAD", "")
        .file("/home/ana/src/app/.git/modules/lib/one/config", "[core]\n\tsshCommand = /opt/ssh -v\n")
        .script("/home/ana/src/app/.git/modules/lib/one/hooks/post-checkout", "")
        .file("/home/ana/src/app/lib/one/.git", "gitdir: ../../.git/modules/lib/one\n")
        .file("/home/ana/src/tree/.git", "gitdir: /opt/elsewhere\n")
        .file(
            "/opt/elsewhere/config",
            "[core]\n\thooksPath = hooks\n\tpager = less\n[remote \"x\"]\n\turl = https://ana:pw@example.org/x\n",
        )
        .script("/home/ana/src/tree/hooks/commit-msg", "")
        .file("/home/ana/.dotfiles/.git/config", "[alias]\n\ta = \"!~/bin/a\"\n\tb = status\n")
        .script("/home/ana/bin/a", "")
        .file("/home/ana/.cache/deep/x/.git/config", "[core]\n\tpager = x\n")
        .file("/home/ana/src/app/node_modules/x/.git/config", "[core]\n\tpager = x\n")
        .file("/srv/git/x.git/HEAD", "")
        .folder("/srv/git/x.git/objects")
        .folder("/srv/git/x.git/refs")
        .script("/srv/git/x.git/hooks/update", "")
        .script("/etc/.git/hooks/pre-commit", "")
        .script("/opt/ssh", "")
        .file(
            "/home/ana/.gitconfig",
            "[include]\n\tpath = more\n\tpath = .gitconfig\n[includeIf \"gitdir:~/w/\"]\n\tpath = ~/w.inc\n\
             [url \"https://t0k3n@example.org/\"]\n\tinsteadOf = gh:\n[user]\n\tname = Ana\n",
        )
        .file("/home/ana/more", "[init]\n\ttemplateDir = ~/template\n[filter \"lfs\"]\n\tclean = git-lfs clean -- %f\n")
        .file("/home/ana/w.inc", "[credential]\n\thelper = !/opt/ssh get\n[core]\n\tfsmonitor\n")
        .script("/home/ana/template/hooks/post-checkout", "");
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

#[test]
fn editors_and_agents_with_a_bit_of_everything() {
    let fixture = linux()
        .script("/opt/x", "")
        .file(
            "/home/ana/.vscode/extensions/extensions.json",
            r#"[{"identifier": {"id": "A.One"}, "version": "1", "location": {"fsPath": "/home/ana/.vscode/extensions/a.one-1"},
                 "metadata": {"source": "gallery", "publisherId": "p"}},
                {"identifier": {"id": "b.two"}, "version": "2", "relativeLocation": "b.two-2", "metadata": {"source": "vsix"}},
                {"identifier": {}}]"#,
        )
        .file(
            "/home/ana/.vscode/extensions/a.one-1/package.json",
            r#"{"name": "One", "publisher": "A", "displayName": "First", "main": "m", "activationEvents": ["onView:x", "*"]}"#,
        )
        .file("/home/ana/.vscode/extensions/b.two-2/package.json", r#"{"main": "../../../../../etc/passwd"}"#)
        .file("/home/ana/.vscode/extensions/c.three-1/package.json", r#"{"name": "three", "publisher": "c", "main": "./out/m.js"}"#)
        .file("/home/ana/.vscode/extensions/c.three-2/package.json", r#"{"name": "three", "publisher": "c", "version": "2"}"#)
        .file(
            "/home/ana/code/app/.vscode/tasks.json",
            r#"{ // tasks
                "linux": {"command": "make"},
                "tasks": [
                    {"label": "a", "command": {"value": "/opt/x", "quoting": "strong"}, "args": ["--token", "t0k3n"], "runOptions": {"runOn": "folderOpen"}, "dependsOn": "b"},
                    {"label": "b", "type": "process", "command": "sh", "args": ["-c", "/opt/x"], "dependsOn": ["a"]},
                    {"label": "c", "command": "true"},
                ]}"#,
        )
        .file(
            "/home/ana/code/app/.vscode/settings.json",
            r#"{"editor.tabSize": 4, "python.defaultInterpreterPath": "/opt/x", "npm.packageManager": "npm", "x.serverPath": null,
                "terminal.integrated.env.linux": {"LD_PRELOAD": "/x.so", "API_TOKEN": "t0k3n"},
                "terminal.integrated.profiles.linux": {"sh": {"path": "/opt/x", "args": ["--password=pw"]}}}"#,
        )
        .file("/home/ana/code/app/.devcontainer/devcontainer.json", r#"{"initializeCommand": {"a": ["/opt/x", "1"], "b": "/opt/x 2"}}"#)
        .file(
            "/home/ana/.claude.json",
            r#"{"mcpServers": {"z": {"command": "/opt/x", "args": ["--api-key=t0k3n", "-v"], "env": {"B": "2", "A_SECRET": "s"}, "disabled": true}},
                "projects": {"/p": {"mcpServers": {"y": {"url": "https://u:p@h/m?token=t0k3n&a=1"}}}, "/q": 1}}"#,
        )
        .file(
            "/home/ana/.claude/settings.json",
            r#"{"permissions": {"allow": ["Bash(ls:*)"], "defaultMode": "plan"}, "statusLine": {"type": "command", "command": "/opt/x line"},
                "hooks": {"Stop": [{"matcher": "", "hooks": [{"command": "sh -c /opt/x"}, {}]}, 5], "Odd": {}}}"#,
        )
        .file("/home/ana/.cursor/hooks.json", r#"{"version": 1, "hooks": {"beforeShellExecution": [{"command": "./h.sh"}]}}"#)
        .file("/home/ana/code/app/.claude/settings.local.json", r#"{"permissions": {"allow": ["Bash(make)"]}}"#)
        .file("/home/ana/code/app/.vscode/mcp.json", r#"{"servers": {"s": {"command": ["/opt/x", "-a"]}}}"#)
        .file("/home/ana/code/app/.venv/pyvenv.cfg", "")
        .file("/home/ana/code/app/.venv/lib/python3.13/site-packages/a.pth", "# x\nimport a\n/opt/lib\nimport a\n")
        .file("/home/ana/code/app/.venv/lib/python3.13/site-packages/sitecustomize.py", "import b\n");
    let seen = scan(&fixture);
    assert!(!seen.snapshot().contains("t0k3n"));
    insta::assert_snapshot!(seen.snapshot());
}

#[test]
fn xcode_with_a_bit_of_everything() {
    let project = "/Users/ana/src/app/App.xcodeproj";
    let fixture = Fixture::macos()
        .file(
            &format!("{project}/project.pbxproj"),
            r#"{ objects = { C = { isa = PBXLegacyTarget; buildToolPath = "/usr/bin/make"; buildArgumentsString = "-C x"; };
                 A = { isa = PBXShellScriptBuildPhase; shellPath = /bin/sh; shellScript = "cd /opt\n./x\n"; name = "Run"; };
                 B = { isa = PBXBuildRule; script = "y"; }; D = { isa = PBXGroup; }; E = text; }; }"#,
        )
        .file(
            &format!("{project}/xcshareddata/xcschemes/App.xcscheme"),
            "<ActionContent title = \"x\"\n scriptText = \"/opt/x &amp;&#10;echo &quot;1&quot;\"></ActionContent>\n<ActionContent scriptText=",
        )
        .script(&format!("{project}/.hidden"), "")
        .folder(&format!("{project}/xcuserdata"))
        .script("/opt/x", "");
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

#[test]
fn hostile_files_neither_hang_nor_hide() {
    let fixture = linux()
        .fifo("/home/ana/.gitconfig")
        .fifo("/home/ana/a/.git")
        .link("/home/ana/b/.git", "/home/ana/b")
        .file("/home/ana/c/.git", "gitdir: ../c/.git\n")
        .fifo("/home/ana/d/.git/hooks/pre-commit")
        .link("/home/ana/d/.git/hooks/post-merge", "/nowhere")
        .link("/home/ana/d/.git/modules", ".")
        .fifo("/home/ana/d/.git/config")
        .link("/home/ana/round", ".")
        .fifo("/home/ana/.vscode/extensions/extensions.json")
        .file("/home/ana/.vscode/extensions/x/package.json", "[".repeat(100_000))
        .file(
            "/home/ana/d/.vscode/tasks.json",
            r#"{"tasks": [{"runOptions": {"runOn": "folderOpen"}, "dependsOn": 5, "args": {}}, 3]}"#,
        )
        .file("/home/ana/d/.vscode/settings.json", "not json")
        .file(
            "/home/ana/.claude.json",
            r#"{"mcpServers": [1], "projects": 5, "hooks": {"a": 1}}"#,
        )
        .file("/home/ana/.cursor/mcp.json", "{")
        .file("/home/ana/v/pyvenv.cfg", "")
        .fifo("/home/ana/v/lib/python3/site-packages/x.pth");
    insta::assert_snapshot!(scan(&fixture).snapshot());
}

#[test]
fn daily_work_is_silent() {
    let fixture = |index: &str, name: &str, label: &str| {
        repository(linux(), "/home/ana/app")
            .file("/home/ana/app/.git/index", index)
            .file(&format!("/home/ana/app/{name}"), "")
            .file(
                "/home/ana/.gitconfig",
                format!("[user]\n\tname = {name}\n[alias]\n\t{label} = log\n"),
            )
            .file(
                "/home/ana/app/.vscode/tasks.json",
                format!(r#"{{"tasks": [{{"label": "{label}", "command": "x"}}]}}"#),
            )
            .file(
                "/home/ana/app/.vscode/settings.json",
                format!(r#"{{"editor.rulers": [1], "x.{label}": 1}}"#),
            )
            .file(
                "/home/ana/.claude.json",
                format!(r#"{{"numStartups": "{index}"}}"#),
            )
    };
    let changes = scan(&fixture("b", "y", "two")).changes_since(&scan(&fixture("a", "x", "one")));
    assert!(changes.is_empty(), "{changes:?}");
}
