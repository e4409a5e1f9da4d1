//! What a crate makes public, and the examples in its documentation, read from its source.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use syn::{Attribute, Expr, ImplItem, Item as Syntax, Lit, Meta, TraitItem, Type, UseTree, Visibility};

/// Something that can be named by who uses the crate.
pub(crate) struct Item {
    pub(crate) name: String,
    /// Its own examples.
    examples: String,
    /// Of a method: its name, and the examples of its type.
    of_type: Option<(String, String)>,
}

impl Item {
    pub(crate) fn is_shown(&self) -> bool {
        let called = self.of_type.as_ref().is_some_and(|(name, examples)| {
            [".", "::", "fn "]
                .iter()
                .any(|before| examples.contains(&format!("{before}{name}(")))
        });
        called || !self.examples.is_empty()
    }
}

/// The files of a crate by module: `""` for `lib.rs`, `plist`, `ini::git`.
pub(crate) struct Crate {
    name: String,
    modules: BTreeMap<String, syn::File>,
}

impl Crate {
    pub(crate) fn read(name: &str, folder: &Path) -> Self {
        let mut modules = BTreeMap::new();
        read_folder(folder, "", &mut modules);
        Self {
            name: name.to_owned(),
            modules,
        }
    }
    pub(crate) fn of_text(name: &str, text: &str) -> Self {
        let file = syn::parse_file(text).expect("Rust");
        Self {
            name: name.to_owned(),
            modules: BTreeMap::from([(String::new(), file)]),
        }
    }

    /// Everything public, here and in what is passed on from `others`.
    pub(crate) fn public(&self, others: &[Crate]) -> Vec<Item> {
        let mut items = Vec::new();
        self.public_of("", others, &mut items);
        // Wherever it stands, an exported macro belongs to the crate itself.
        for macros in self.modules.values().flat_map(|file| &file.items) {
            if matches!(macros, Syntax::Macro(_)) {
                self.described("", macros, &mut items);
            }
        }
        items
    }

    fn public_of(&self, module: &str, others: &[Crate], items: &mut Vec<Item>) {
        let file = &self.modules[module];
        items.push(Item {
            name: if module.is_empty() { &self.name } else { module }.to_owned(),
            examples: examples(&file.attrs),
            of_type: None,
        });
        for syntax in &file.items {
            match syntax {
                Syntax::Mod(found) if is_public(&found.vis) && !is_hidden(&found.attrs) => {
                    self.public_of(&below(module, &found.ident.to_string()), others, items);
                }
                Syntax::Use(found) if is_public(&found.vis) && !is_hidden(&found.attrs) => {
                    for path in paths(&found.tree) {
                        self.passed_on(module, &path, &examples(&found.attrs), others, items);
                    }
                }
                Syntax::Macro(_) => {}
                syntax => self.described(module, syntax, items),
            }
        }
    }

    /// An item that `pub use` names.
    fn passed_on(&self, module: &str, path: &[String], shown: &str, others: &[Crate], items: &mut Vec<Item>) {
        let [first, .., name] = path else { return };
        let (owner, within) = match others.iter().find(|other| other.name == *first) {
            Some(other) => (other, String::new()),
            None => (self, below(module, first)),
        };
        let before = items.len();
        if owner.modules.contains_key(&within) {
            owner.find(&within, name, items);
        }
        // What comes from elsewhere is documented where it is passed on.
        if items.len() == before {
            items.push(Item {
                name: name.clone(),
                examples: shown.to_owned(),
                of_type: None,
            });
        }
        for item in &mut items[before..] {
            let own = item
                .name
                .strip_prefix(&format!("{within}::"))
                .unwrap_or(&item.name)
                .to_owned();
            item.name = below(module, &own);
        }
    }

    /// The item of that name in a module, or wherever the module has it from.
    fn find(&self, module: &str, name: &str, items: &mut Vec<Item>) {
        for syntax in &self.modules[module].items {
            match syntax {
                Syntax::Use(found) if is_public(&found.vis) && !is_hidden(&found.attrs) => {
                    for path in paths(&found.tree) {
                        if path.last().is_some_and(|last| last == name) {
                            self.passed_on(module, &path, &examples(&found.attrs), &[], items);
                        }
                    }
                }
                syntax if ident(syntax).is_some_and(|found| found == name) => {
                    self.described(module, syntax, items);
                }
                _ => {}
            }
        }
    }

    fn described(&self, module: &str, syntax: &Syntax, items: &mut Vec<Item>) {
        let Some((name, attributes)) = ident(syntax).zip(public_attributes(syntax)) else {
            return;
        };
        let shown = examples(attributes);
        let mut methods = Vec::new();
        match syntax {
            Syntax::Struct(_) | Syntax::Enum(_) => methods = self.methods(&name),
            Syntax::Trait(found) => {
                let functions = found.items.iter().filter_map(|item| match item {
                    TraitItem::Fn(function) => Some(function),
                    _ => None,
                });
                methods.extend(functions.map(|f| (f.sig.ident.to_string(), examples(&f.attrs))));
            }
            _ => {}
        }
        let bang = if matches!(syntax, Syntax::Macro(_)) {
            "!"
        } else {
            ""
        };
        items.push(Item {
            name: below(module, &name) + bang,
            examples: shown.clone(),
            of_type: None,
        });
        items.extend(methods.into_iter().map(|(method, own)| Item {
            name: format!("{}::{method}", below(module, &name)),
            examples: own,
            of_type: Some((method, shown.clone())),
        }));
    }

    /// Public methods of a type with their examples, in whichever file they are.
    fn methods(&self, of: &str) -> Vec<(String, String)> {
        let mut methods = Vec::new();
        for syntax in self.modules.values().flat_map(|file| &file.items) {
            let Syntax::Impl(found) = syntax else { continue };
            if found.trait_.is_some() || !is_type(&found.self_ty, of) {
                continue;
            }
            for item in &found.items {
                match item {
                    ImplItem::Fn(method) if is_public(&method.vis) => {
                        methods.push((method.sig.ident.to_string(), examples(&method.attrs)));
                    }
                    _ => {}
                }
            }
        }
        methods
    }
}

fn read_folder(folder: &Path, module: &str, modules: &mut BTreeMap<String, syn::File>) {
    for entry in fs::read_dir(folder).expect("a folder of sources") {
        let path = entry.expect("an entry").path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).expect("a name");
        if path.is_dir() {
            read_folder(&path, &below(module, stem), modules);
        } else {
            let name = if stem == "lib" {
                String::new()
            } else {
                below(module, stem)
            };
            let text = fs::read_to_string(&path).expect("a source");
            modules.insert(name, syn::parse_file(&text).expect("Rust"));
        }
    }
}

fn below(module: &str, name: &str) -> String {
    if module.is_empty() {
        name.to_owned()
    } else {
        format!("{module}::{name}")
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn is_hidden(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("doc")
            && attribute
                .parse_args::<syn::Ident>()
                .is_ok_and(|argument| argument == "hidden")
    })
}

fn is_type(found: &Type, name: &str) -> bool {
    matches!(found, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == name))
}

fn ident(syntax: &Syntax) -> Option<String> {
    let ident = match syntax {
        Syntax::Const(found) => &found.ident,
        Syntax::Enum(found) => &found.ident,
        Syntax::Fn(found) => &found.sig.ident,
        Syntax::Macro(found) => found.ident.as_ref()?,
        Syntax::Struct(found) => &found.ident,
        Syntax::Trait(found) => &found.ident,
        Syntax::Type(found) => &found.ident,
        _ => return None,
    };
    Some(ident.to_string())
}

/// The attributes of a public item.
fn public_attributes(syntax: &Syntax) -> Option<&[Attribute]> {
    let (visibility, attributes) = match syntax {
        Syntax::Const(found) => (&found.vis, &found.attrs),
        Syntax::Enum(found) => (&found.vis, &found.attrs),
        Syntax::Fn(found) => (&found.vis, &found.attrs),
        Syntax::Struct(found) => (&found.vis, &found.attrs),
        Syntax::Trait(found) => (&found.vis, &found.attrs),
        Syntax::Type(found) => (&found.vis, &found.attrs),
        Syntax::Macro(found) => {
            let exported = found.attrs.iter().any(|a| a.path().is_ident("macro_export"));
            return exported.then_some(&found.attrs[..]);
        }
        _ => return None,
    };
    (is_public(visibility) && !is_hidden(attributes)).then_some(attributes)
}

/// The paths that a `use` names, segment by segment.
fn paths(tree: &UseTree) -> Vec<Vec<String>> {
    match tree {
        UseTree::Path(path) => {
            let first = path.ident.to_string();
            let rest = paths(&path.tree).into_iter();
            rest.map(|rest| [vec![first.clone()], rest].concat()).collect()
        }
        UseTree::Name(name) => vec![vec![name.ident.to_string()]],
        UseTree::Rename(name) => vec![vec![name.rename.to_string()]],
        UseTree::Group(group) => group.items.iter().flat_map(paths).collect(),
        UseTree::Glob(_) => panic!("`pub use` of everything hides what is public"),
    }
}

/// The code of all blocks that are compiled as tests.
fn examples(attributes: &[Attribute]) -> String {
    let mut code = String::new();
    let mut compiled = None;
    for line in attributes.iter().filter_map(doc_line) {
        match (line.trim().strip_prefix("```"), compiled) {
            (Some(words), None) => compiled = Some(matches!(words, "" | "should_panic" | "standalone_crate")),
            (Some(_), Some(_)) => compiled = None,
            (None, Some(true)) => code = code + &line + "\n",
            (None, _) => {}
        }
    }
    code
}

fn doc_line(attribute: &Attribute) -> Option<String> {
    let Meta::NameValue(pair) = &attribute.meta else {
        return None;
    };
    match &pair.value {
        Expr::Lit(literal) if pair.path.is_ident("doc") => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}
