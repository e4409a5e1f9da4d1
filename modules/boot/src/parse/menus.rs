//! Menus of boot loaders: GRUB's script, the Boot Loader Specification, extlinux; and the words of a command line.

use assay_sdk::{Text, lines, split_words};
use std::collections::BTreeMap;

/// What a menu holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Menu {
    pub(crate) choices: Vec<Choice>,
    /// Lines outside the choices.
    pub(crate) lines: Vec<Vec<u8>>,
}

/// What somebody, or the default, may choose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    /// With the menus that it is in, as `Advanced > Linux 6.1`.
    pub(crate) title: Vec<u8>,
    pub(crate) kernel: Option<Text>,
    pub(crate) arguments: Vec<Text>,
    pub(crate) initrd: Vec<Text>,
    pub(crate) commands: Vec<Text>,
}

/// A block of GRUB's script that braces enclose.
enum Block {
    Submenu(Vec<u8>),
    Choice(Choice),
    Other,
}

/// Words of GRUB's script that mean nothing without what stands around them.
const FRAME: [&[u8]; 5] = [b"fi", b"else", b"then", b"{", b"}"];
/// Menus in menus are at most so deep.
const MAX_DEPTH: usize = 32;

/// Reads a `grub.cfg`. Its script is taken line by line, as `grub-mkconfig` and people write it.
pub(crate) fn grub(text: &[u8]) -> Menu {
    let mut menu = Menu::default();
    let mut open: Vec<Block> = Vec::new();
    for line in lines::read(text).comments(b"#").trimmed() {
        let line = &*line.text;
        let opens = line.ends_with(b"{");
        if line == b"}" {
            if let Some(Block::Choice(choice)) = open.pop() {
                menu.choices.push(choice);
            }
            continue;
        }
        let word = line.split(u8::is_ascii_whitespace).next().unwrap_or_default();
        let begins = (word == b"menuentry" || word == b"submenu") && opens && open.len() < MAX_DEPTH;
        if begins {
            let title = titled(&open, line);
            open.push(if word == b"submenu" {
                Block::Submenu(title)
            } else {
                Block::Choice(Choice {
                    title,
                    ..Choice::default()
                })
            });
            continue;
        }
        let within = open.iter_mut().rev().find_map(|block| match block {
            Block::Choice(choice) => Some(choice),
            _ => None,
        });
        match within {
            Some(choice) => choice.command(line),
            None if FRAME.contains(&line) => {}
            None => menu.lines.push(line.to_vec()),
        }
        if opens && open.len() < MAX_DEPTH {
            open.push(Block::Other);
        }
    }
    // What a missing brace leaves open is there all the same.
    menu.choices
        .extend(open.into_iter().filter_map(|block| match block {
            Block::Choice(choice) => Some(choice),
            _ => None,
        }));
    menu
}

/// The title of a choice or a submenu, after those of the menus that it is in.
fn titled(open: &[Block], line: &[u8]) -> Vec<u8> {
    let within = open.iter().rev().find_map(|block| match block {
        Block::Submenu(title) => Some(&title[..]),
        _ => None,
    });
    let title = split_words(line).into_iter().nth(1).map(|word| word.text);
    let title = title.as_ref().map(Text::as_bytes).unwrap_or_default();
    within.map_or_else(|| title.to_vec(), |menu| [menu, b" > ", title].concat())
}

impl Choice {
    /// A line of GRUB's script in it.
    fn command(&mut self, line: &[u8]) {
        let mut words = split_words(line).into_iter().map(|word| word.text);
        let word = words.next().unwrap_or_else(|| line.into());
        match word.as_bytes() {
            b"echo" => {}
            b"linux" | b"linux16" | b"linuxefi" | b"kernel" | b"multiboot" | b"multiboot2"
            | b"chainloader"
                if self.kernel.is_none() =>
            {
                self.kernel = words.next();
                self.arguments.extend(words);
            }
            b"initrd" | b"initrd16" | b"initrdefi" => self.initrd.extend(words),
            _ if FRAME.contains(&line) => {}
            _ => self.commands.push(line.into()),
        }
    }
}

/// Reads an entry of the Boot Loader Specification: `word value`, a word may stand there more than once.
pub(crate) fn specified(text: &[u8]) -> Choice {
    let mut choice = Choice::default();
    for line in lines::read(text).comments(b"#").trimmed() {
        let (word, value) = word_and_rest(&line.text);
        match word {
            b"title" => choice.title = value.to_vec(),
            b"linux" | b"efi" | b"uki" => choice.kernel = Some(value.into()),
            b"initrd" => choice.initrd.extend(words(value)),
            b"options" => choice.arguments.extend(words(value)),
            b"devicetree" | b"devicetree-overlay" | b"extra" => choice.commands.push((&*line.text).into()),
            _ => {}
        }
    }
    choice
}

/// Reads an `extlinux.conf`; its words may be in any case.
pub(crate) fn extlinux(text: &[u8]) -> Menu {
    let mut menu = Menu::default();
    let mut open: Option<Choice> = None;
    for line in lines::read(text).comments(b"#").trimmed() {
        let (word, value) = word_and_rest(&line.text);
        let word = word.to_ascii_lowercase();
        if word == b"label" {
            menu.choices.extend(open.take());
            open = Some(Choice {
                title: value.to_vec(),
                ..Choice::default()
            });
            continue;
        }
        let Some(choice) = &mut open else {
            menu.lines.push(line.text.into_owned());
            continue;
        };
        match &word[..] {
            b"kernel" | b"linux" | b"com32" | b"fdt" if choice.kernel.is_none() => {
                choice.kernel = Some(value.into());
            }
            b"append" => choice.arguments.extend(words(value)),
            b"initrd" => choice.initrd.push(value.into()),
            b"menu" | b"text" | b"endtext" => {}
            _ => choice.commands.push((&*line.text).into()),
        }
    }
    menu.choices.extend(open);
    menu
}

/// The words of a command line by their names, each with its values.
pub(crate) fn arguments(text: &[u8]) -> BTreeMap<Vec<u8>, Vec<Text>> {
    let mut all: BTreeMap<Vec<u8>, Vec<Text>> = BTreeMap::new();
    for line in lines::read(text).comments(b"#").trimmed() {
        for word in words(&line.text) {
            let word = word.as_bytes();
            let end = word.iter().position(|b| *b == b'=');
            let (name, value) = word.split_at(end.unwrap_or(word.len()));
            let values = all.entry(name.to_vec()).or_default();
            values.extend(value.strip_prefix(b"=").map(Text::from));
        }
    }
    all
}

/// The program that a word of a command line makes the kernel run first.
pub(crate) fn first_program(argument: &Text) -> Option<Text> {
    let argument = argument.as_bytes();
    let program = argument
        .strip_prefix(b"init=")
        .or_else(|| argument.strip_prefix(b"rdinit="))?;
    program.starts_with(b"/").then(|| program.into())
}

fn words(text: &[u8]) -> impl Iterator<Item = Text> {
    split_words(text).into_iter().map(|word| word.text)
}

fn word_and_rest(line: &[u8]) -> (&[u8], &[u8]) {
    let end = line.iter().position(u8::is_ascii_whitespace);
    let (word, rest) = line.split_at(end.unwrap_or(line.len()));
    (word, rest.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(choice: &Choice) -> String {
        let list = |texts: &[Text]| {
            texts
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(" ")
        };
        let kernel = choice
            .kernel
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        format!(
            "{}: {kernel} [{}] [{}] [{}]",
            String::from_utf8_lossy(&choice.title),
            list(&choice.arguments),
            list(&choice.initrd),
            list(&choice.commands)
        )
    }

    #[test]
    fn a_menu_of_grub() {
        let text = b"set default=\"0\"\nif [ x ]; then\n  insmod png\nfi\nfunction f {\n  set x=1\n}\n\
            menuentry 'Debian' --class debian $menuentry_id_option 'simple' {\n\tinsmod gzio\n\techo 'Loading'\n\
            \tlinux\t/vmlinuz-6.1 root=/dev/sda1 ro 'a b'\n\tinitrd /initrd.img-6.1\n\tif [ y ]; then\n\tset z=1\n\tfi\n}\n\
            submenu \"More\" {\n  menuentry 'Old' {\n  chainloader +1\n  }\n}\nmenuentry 'Open' {\nlinux /v init=/x\n";
        let menu = grub(text);
        let shown: Vec<_> = menu.choices.iter().map(show).collect();
        assert_eq!(
            shown,
            [
                "Debian: /vmlinuz-6.1 [root=/dev/sda1 ro a b] [/initrd.img-6.1] [insmod gzio if [ y ]; then set z=1]",
                "More > Old: +1 [] [] []",
                "Open: /v [init=/x] [] []",
            ]
        );
        let lines: Vec<_> = menu
            .lines
            .iter()
            .map(|line| String::from_utf8_lossy(line))
            .collect();
        assert_eq!(
            lines,
            [
                "set default=\"0\"",
                "if [ x ]; then",
                "insmod png",
                "function f {",
                "set x=1"
            ]
        );
        assert_eq!(grub(&b"menuentry {\n".repeat(100)).choices.len(), MAX_DEPTH);
        assert_eq!(grub(b"}\n}\n").choices.len(), 0);
    }

    #[test]
    fn entries_of_the_specification_and_of_extlinux() {
        let text = b"title Fedora\nlinux /vmlinuz\ninitrd /a.img\ninitrd /b.img\noptions root=LABEL=r ro\noptions quiet\nsort-key f\n";
        assert_eq!(
            show(&specified(text)),
            "Fedora: /vmlinuz [root=LABEL=r ro quiet] [/a.img /b.img] []"
        );
        let text = b"DEFAULT lts\nLABEL lts\n  MENU LABEL Linux\n  KERNEL vmlinuz-lts\n  INITRD initramfs-lts\n  append root=/dev/vda\nlabel b\n";
        let menu = extlinux(text);
        assert_eq!(menu.lines, [b"DEFAULT lts"]);
        let shown: Vec<_> = menu.choices.iter().map(show).collect();
        assert_eq!(
            shown,
            [
                "lts: vmlinuz-lts [root=/dev/vda] [initramfs-lts] []",
                "b:  [] [] []"
            ]
        );
    }

    #[test]
    fn words_of_a_command_line() {
        let all = arguments(b"console=tty0 quiet console=ttyS0,115200 \"dyndbg=a b\"\n# x\ninit=/bin/x\n");
        let shown: Vec<_> = all
            .iter()
            .map(|(name, values)| {
                format!(
                    "{}={}",
                    String::from_utf8_lossy(name),
                    Vec::from_iter(values.iter().map(ToString::to_string)).join("|")
                )
            })
            .collect();
        assert_eq!(
            shown,
            ["console=tty0|ttyS0,115200", "dyndbg=a b", "init=/bin/x", "quiet="]
        );
        assert_eq!(first_program(&"rdinit=/x".into()), Some("/x".into()));
        assert_eq!(first_program(&"init=x".into()), None);
    }
}
