//! Applications: where they are, and what each brings along.

use crate::{bundles, parse};
use assay_sdk::{Bundle, Entry, FileType, GapReason, Last, Result, Scan, Text, Value};
use std::collections::HashSet;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "{,~}/Applications/{,*/,*/*/}*.app/Contents/Info.plist",
    "{,~}/Applications/{,*/,*/*/}*.app/Contents/MacOS/*",
    "{,~}/Applications/{,*/,*/*/}*.app/Contents/Resources/{app.asar,app/package.json}",
    "{,~}/Applications/{,*/,*/*/}*.app/Contents/{PlugIns,Extensions}/*",
    "{,~}/Applications/{,*/,*/*/}*.app/Contents/Library/{LoginItems,Spotlight,QuickLook}/*",
    "~/{Desktop,Downloads}/*.app/Contents/Info.plist",
    "/Users/Shared/*.app/Contents/Info.plist",
];

/// Folders in a home where applications lie that nobody installed.
const STRAY: &[&str] = &["Desktop", "Downloads"];
const SHARED: &str = "/Users/Shared";
/// Folders below one of `Applications` that hold applications: of a maker, of a suite in it.
const DEPTH: usize = 2;
/// Names that are looked at below one place.
const MAX_NAMES: usize = 50_000;
const PACKAGE_LIMIT: u64 = 1 << 20;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let homes = scan.homes();
    let mut seen = HashSet::new();
    let mut is_new = |scan: &mut Scan<'_>, place: &Path| {
        let real = scan.root().canonical(place);
        scan.or_gap(real).is_some_and(|real| seen.insert(real))
    };
    let installed = homes.iter().map(|home| home.path.join("Applications"));
    for place in std::iter::once(PathBuf::from("/Applications")).chain(installed) {
        if is_new(scan, &place) {
            for path in find(scan, &place, DEPTH)? {
                application(scan, &path)?;
            }
        }
    }
    let stray = homes
        .iter()
        .flat_map(|home| STRAY.iter().map(|name| home.path.join(name)));
    for place in std::iter::once(PathBuf::from(SHARED)).chain(stray) {
        if is_new(scan, &place) {
            for path in find(scan, &place, 0)? {
                if let Some(bundle) = scan.bundle(&path) {
                    dock_tile(scan, &path, &bundle)?;
                }
            }
        }
    }
    Ok(())
}

fn find(scan: &mut Scan<'_>, place: &Path, depth: usize) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut names = 0;
    let mut todo = vec![(place.to_owned(), depth)];
    while let Some((folder, depth)) = todo.pop() {
        for listed in scan.list(&folder) {
            names += 1;
            if names > MAX_NAMES {
                scan.gap(
                    &folder,
                    GapReason::TooBig,
                    &format!("more than {MAX_NAMES} names"),
                )?;
                return Ok(found);
            }
            let path = folder.join(&listed.name);
            if bundles::ends(listed.name.as_bytes(), &[".app"]) {
                found.push(path);
            } else if depth > 0 && listed.file_type == FileType::Directory {
                todo.push((path, depth - 1));
            }
        }
    }
    Ok(found)
}

fn application(scan: &mut Scan<'_>, path: &Path) -> Result<()> {
    let Some((entry, bundle)) = bundles::entry(scan, "application", path) else {
        return Ok(());
    };
    if bundle.broken.is_some() {
        scan.entry(entry)?;
    } else {
        let (code, mut scripts) = electron(scan, &path.join("Contents/Resources"));
        let sealed = exists(scan, &path.join("Contents/_CodeSignature/CodeResources"));
        let mut entry = entry
            .maybe("background", parse::background(&bundle.info))
            .maybe("code", (!code.is_empty()).then(|| Value::from_iter(code)))
            .field("sealed", sealed);
        entry.programs.append(&mut scripts);
        scan.entry(entry)?;
        environment(scan, path, &bundle)?;
        dock_tile(scan, path, &bundle)?;
    }
    // These are found without what the application says of itself.
    if !bundles::is(scan, path, FileType::Directory) {
        return Ok(());
    }
    let library = path.join("Contents/Library");
    inside(scan, "embedded_login_item", &library.join("LoginItems"), ".app")?;
    inside(
        scan,
        "spotlight_importer",
        &library.join("Spotlight"),
        ".mdimporter",
    )?;
    inside(
        scan,
        "quicklook_generator",
        &library.join("QuickLook"),
        ".qlgenerator",
    )?;
    extensions(scan, &path.join("Contents/PlugIns"))?;
    extensions(scan, &path.join("Contents/Extensions"))
}

/// Where an Electron application has its code, and the files that are run first. A folder beside the archive may take
/// its place.
fn electron(scan: &mut Scan<'_>, resources: &Path) -> (Vec<&'static str>, Vec<Text>) {
    let (mut code, mut scripts) = (Vec::new(), Vec::new());
    let archive = resources.join("app.asar");
    if exists(scan, &archive) {
        code.push("app.asar");
        scripts.push(archive.as_path().into());
    }
    let folder = resources.join("app");
    let package = folder.join("package.json");
    if let Some(content) = scan.content(&package, PACKAGE_LIMIT) {
        code.push("app");
        scripts.push(package.as_path().into());
        let main = parse::main_script(&content.unwrap_or_default());
        scripts.extend(scan.programs().argv(&[folder.join(main).as_path().into()]));
    } else if exists(scan, &folder.join("index.js")) {
        code.push("app");
        scripts.push(folder.join("index.js").as_path().into());
    }
    (code, scripts)
}

fn exists(scan: &Scan<'_>, path: &Path) -> bool {
    scan.root()
        .stat(path, Last::Keep)
        .is_ok_and(|stat| stat.is_some())
}

fn environment(scan: &mut Scan<'_>, path: &Path, bundle: &Bundle) -> Result<()> {
    let programs = path.join("Contents/MacOS");
    for variable in parse::environment(&bundle.info) {
        let libraries = variable
            .libraries
            .iter()
            .filter_map(|library| parse::library(library, &programs));
        let libraries = libraries.collect::<Vec<Text>>();
        let mut loaded: Vec<Text> = Vec::new();
        for library in libraries {
            loaded.extend(scan.programs().argv(&[library]));
        }
        let key = [variable.name.as_bytes(), b" of ", path.as_os_str().as_bytes()].concat();
        let entry = Entry::new("app_environment", key, &bundle.source);
        scan.entry(entry.field("value", variable.value).programs(loaded))?;
    }
    Ok(())
}

/// The plug-in that an application names for its Dock icon.
fn dock_tile(scan: &mut Scan<'_>, path: &Path, bundle: &Bundle) -> Result<()> {
    let Some(name) = bundle
        .info
        .get("NSDockTilePlugIn")
        .and_then(|name| name.as_string())
    else {
        return Ok(());
    };
    let plugin = path.join("Contents/PlugIns").join(name.trim_start_matches('/'));
    // One that is not there may come: the Dock looks at the next login.
    let absent = || {
        Entry::new("dock_tile_plugin", plugin.as_path(), &bundle.source)
            .programs(vec![plugin.as_path().into()])
    };
    let entry = bundles::entry(scan, "dock_tile_plugin", &plugin).map(|(entry, _)| entry);
    scan.entry(entry.unwrap_or_else(absent))
}

/// The bundles of one folder in an application.
fn inside(scan: &mut Scan<'_>, kind: &str, folder: &Path, ending: &str) -> Result<()> {
    for listed in scan.list(folder) {
        if bundles::ends(listed.name.as_bytes(), &[ending])
            && let Some((entry, _)) = bundles::entry(scan, kind, &folder.join(listed.name))
        {
            scan.entry(entry)?;
        }
    }
    Ok(())
}

fn extensions(scan: &mut Scan<'_>, folder: &Path) -> Result<()> {
    for listed in scan.list(folder) {
        if !bundles::ends(listed.name.as_bytes(), &[".appex"]) {
            continue;
        }
        let Some((mut entry, bundle)) = bundles::entry(scan, "app_extension", &folder.join(listed.name))
        else {
            continue;
        };
        let point = parse::extension_point(&bundle.info);
        if point.as_deref() == Some("com.apple.FinderSync") {
            "finder_sync_extension".clone_into(&mut entry.kind);
        }
        scan.entry(entry.maybe("point", point))?;
    }
    Ok(())
}
