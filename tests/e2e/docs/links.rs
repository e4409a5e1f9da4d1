//! Links between documents, paths that they name, and code that they show.

use super::{blocks, read, repo};
use std::fs;
use std::path::{Path, PathBuf};

/// Every document of the repository, as a path in it.
fn documents() -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(repo("").join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let (name, path) = (
                entry.file_name().into_string().unwrap(),
                folder.join(entry.file_name()),
            );
            if entry.file_type().unwrap().is_dir() {
                if name != "target" && name != ".git" {
                    folders.push(path);
                }
            } else if name.ends_with(".md") {
                found.push(path.into_os_string().into_string().unwrap());
            }
        }
    }
    found.sort();
    assert!(found.iter().any(|path| path == "docs/design.md"), "{found:?}");
    found
}

/// A document without its code blocks.
fn prose(document: &str) -> String {
    let mut code = false;
    let mut text = String::new();
    for line in document.lines() {
        if line.trim_start().starts_with("```") {
            code = !code;
        } else if !code {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

/// The anchors of a document's headings.
fn anchors(document: &str) -> Vec<String> {
    let headings = document.lines().filter(|line| line.starts_with('#'));
    let slug = |line: &str| -> String {
        let words = line.trim_start_matches('#').trim().to_lowercase();
        words
            .chars()
            .filter(|c| c.is_alphanumeric() || *c == ' ' || *c == '-')
            .map(|c| if c == ' ' { '-' } else { c })
            .collect()
    };
    headings.map(slug).collect()
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let mut broken = Vec::new();
    for document in documents() {
        let text = prose(&read(&document));
        let links = text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split_once(')'))
            .map(|(link, _)| link);
        for link in links.filter(|link| !link.starts_with("http")) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() {
                PathBuf::from(&document)
            } else {
                Path::new(&document).parent().unwrap().join(path)
            };
            let there = fs::read_to_string(repo("").join(&target)).map(|text| anchors(&prose(&text)));
            if !there.is_ok_and(|anchors| anchor.is_empty() || anchors.iter().any(|a| a == anchor)) {
                broken.push(format!("{document}: {link}"));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_path_of_the_repository_that_a_document_names_is_there() {
    let top = ["core/", "modules/", "config/", "docs/", "tests/", ".ci/"];
    let mut missing = Vec::new();
    for document in documents() {
        let text = prose(&read(&document));
        for path in text.split('`').skip(1).step_by(2) {
            let path = path.split_whitespace().next().unwrap_or_default();
            let placeholder = path.contains(|c: char| "*{<".contains(c))
                || path.contains("NAME")
                || path.contains("shells");
            if top.iter().any(|top| path.starts_with(top)) && !placeholder && !repo(path).exists() {
                missing.push(format!("{document}: {path}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// The SDK's own example is compiled and run as a test of its documentation; the guide shows the same lines.
#[test]
fn the_guide_to_modules_shows_code_that_compiles() {
    let sdk = read("core/sdk/src/lib.rs");
    let compiled: Vec<&str> = sdk
        .lines()
        .filter_map(|line| line.strip_prefix("//!"))
        .map(|line| line.trim().trim_start_matches("# "))
        .collect();
    let guide = read("modules/README.md");
    let shown = blocks(&guide, "rust");
    assert_eq!(shown.len(), 2);
    for line in shown
        .iter()
        .flat_map(|block| block.lines())
        .map(str::trim)
        .filter(|line| !line.is_empty())
    {
        assert!(
            compiled.contains(&line),
            "the SDK's example does not have: {line}"
        );
    }

    let manifest = |text: &str| {
        let mut manifest: toml::Table = toml::from_str(text).unwrap();
        manifest["package"].as_table_mut().unwrap().remove("description");
        manifest
    };
    let shown = blocks(&guide, "toml").concat().replace("shells", "cron");
    assert_eq!(manifest(&shown), manifest(&read("modules/cron/Cargo.toml")));
}

/// What `cargo deny` would say of crates that nobody may use at all.
#[test]
fn no_banned_crate_is_in_the_lock_file() {
    let deny: toml::Table = toml::from_str(&read("deny.toml")).unwrap();
    let lock: toml::Table = toml::from_str(&read("Cargo.lock")).unwrap();
    let locked: Vec<&str> = lock["package"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|p| p["name"].as_str())
        .collect();
    let banned = deny["bans"]["deny"].as_array().unwrap().iter();
    let banned: Vec<&str> = banned
        .filter(|ban| ban.get("wrappers").is_none())
        .filter_map(|ban| ban["crate"].as_str())
        .collect();
    assert!(banned.len() > 5 && locked.len() > 50);
    assert!(banned.iter().all(|name| !locked.contains(name)), "{banned:?}");
}
