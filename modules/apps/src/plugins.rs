//! Plug-in folders of the machine and of every home, as a table.

use crate::bundles;
use assay_sdk::{FileType, GapReason, Result, Scan};
use std::collections::HashSet;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

pub(crate) const WATCH: &[&str] = &[
    "{,~}/Library/{Spotlight,QuickLook,Screen Savers,ColorPickers,Input Methods,Internet Plug-Ins}/**",
    "{,~}/Library/{PreferencePanes,ScriptingAdditions,Mail/Bundles,Address Book Plug-Ins,Image Capture}/**",
    "{,~}/Library/{Audio/Plug-Ins,Audio/MIDI Drivers,Components,CoreMediaIO/Plug-Ins/DAL}/**",
    "~/Library/Containers/com.apple.mail/Data/DataVaults/MailBundles/**",
];

/// A folder below `Library`, what bundles in it are, how their names end, and how many folders deep they may lie.
struct Place {
    kind: &'static str,
    folder: &'static str,
    endings: &'static [&'static str],
    depth: usize,
}

const fn place(
    kind: &'static str,
    folder: &'static str,
    endings: &'static [&'static str],
    depth: usize,
) -> Place {
    Place {
        kind,
        folder,
        endings,
        depth,
    }
}

const AUDIO: &[&str] = &[".component", ".vst", ".vst3", ".plugin", ".bundle", ".driver"];

#[rustfmt::skip]
const PLACES: &[Place] = &[
    place("spotlight_importer", "Spotlight", &[".mdimporter"], 0),
    place("quicklook_generator", "QuickLook", &[".qlgenerator"], 0),
    place("screen_saver", "Screen Savers", &[".saver", ".appex", ".qtz", ".slideSaver"], 0),
    place("color_picker", "ColorPickers", &[".colorPicker"], 0),
    place("input_method", "Input Methods", &[".app", ".bundle"], 0),
    place("internet_plugin", "Internet Plug-Ins", &[".plugin", ".webplugin"], 0),
    place("audio_driver", "Audio/Plug-Ins/HAL", &[".driver", ".plugin"], 0),
    // Makers of these put theirs into a folder of their own.
    place("audio_plugin", "Audio/Plug-Ins/Components", AUDIO, 1),
    place("audio_plugin", "Audio/Plug-Ins/VST", AUDIO, 1),
    place("audio_plugin", "Audio/Plug-Ins/VST3", AUDIO, 1),
    place("audio_plugin", "Audio/Plug-Ins/MAS", AUDIO, 1),
    place("audio_plugin", "Audio/MIDI Drivers", AUDIO, 0),
    place("audio_plugin", "Components", AUDIO, 0),
    place("camera_plugin", "CoreMediaIO/Plug-Ins/DAL", &[".plugin"], 0),
    place("preference_pane", "PreferencePanes", &[".prefPane"], 0),
    place("scripting_addition", "ScriptingAdditions", &[".osax"], 0),
    place("mail_bundle", "Mail/Bundles", &[".mailbundle"], 0),
    // Where Mail keeps copies of those that were switched on.
    place("mail_bundle", "Containers/com.apple.mail/Data/DataVaults/MailBundles", &[".mailbundle"], 3),
    place("contacts_plugin", "Address Book Plug-Ins", &[".bundle", ".scpt", ".scptd"], 0),
    place("image_capture_device", "Image Capture", &[".app", ".ds", ".workflow"], 1),
];
/// Bundles of one folder; a studio has hundreds.
const MAX_BUNDLES: usize = 10_000;

pub(crate) fn collect(scan: &mut Scan<'_>) -> Result<()> {
    let mut libraries = vec![PathBuf::from("/Library")];
    libraries.extend(scan.homes().into_iter().map(|home| home.path.join("Library")));
    let mut seen = HashSet::new();
    for library in libraries {
        // A home may be `/`, or lead to another.
        let real = scan.root().canonical(&library);
        if !scan.or_gap(real).is_some_and(|real| seen.insert(real)) {
            continue;
        }
        for place in PLACES {
            list(scan, place, &library.join(place.folder))?;
        }
    }
    Ok(())
}

fn list(scan: &mut Scan<'_>, place: &Place, folder: &Path) -> Result<()> {
    let mut found = 0;
    let mut todo = vec![(folder.to_owned(), place.depth)];
    while let Some((folder, depth)) = todo.pop() {
        for listed in scan.list(&folder) {
            let path = folder.join(&listed.name);
            found += 1;
            if found > MAX_BUNDLES {
                return scan.gap(
                    &folder,
                    GapReason::TooBig,
                    &format!("more than {MAX_BUNDLES} names"),
                );
            }
            if bundles::ends(listed.name.as_bytes(), place.endings) {
                if let Some((entry, _)) = bundles::entry(scan, place.kind, &path) {
                    scan.entry(entry)?;
                }
            } else if depth > 0 && listed.file_type == FileType::Directory {
                todo.push((path, depth - 1));
            }
        }
    }
    Ok(())
}
