//! The arguments before the first stage, those that are always there, and which of them are used.

use super::Platform;
use super::graph::Graph;
use crate::dockerfile::Command;
use crate::error::Result;
use crate::expand::Lex;
use crate::map::Set;

impl Graph<'_> {
    /// rule: `defaultArgs` and `buildMetaArgs`.
    pub(super) fn set_args(&mut self, build_platform: &Platform) -> Result<()> {
        let last_name = || self.build.dockerfile.stages.last().and_then(|stage| stage.name.as_deref()).filter(|name| !name.is_empty());
        let target = self.build.target.filter(|name| !name.is_empty()).or_else(last_name).unwrap_or("default");
        for (prefix, platform) in [("BUILD", build_platform), ("TARGET", &self.target_platform)] {
            let whole = platform.to_string();
            let parts = [
                ("PLATFORM", &whole),
                ("OS", &platform.os),
                ("OSVERSION", &platform.os_version),
                ("ARCH", &platform.arch),
                ("VARIANT", &platform.variant),
            ];
            for (suffix, value) in parts {
                let name = format!("{prefix}{suffix}");
                self.args.set(&name, self.build.args.get(&name).unwrap_or(value), true)?;
            }
        }
        self.args.set("TARGETSTAGE", self.build.args.get("TARGETSTAGE").map_or(target, String::as_str), true)?;
        let lex = Lex::new(self.build.dockerfile.escape);
        for instruction in &self.build.dockerfile.args {
            let Command::Arg(args) = &instruction.command else { continue };
            for (name, default) in args {
                match (self.build.args.get(name), default) {
                    (Some(given), _) => self.args.set(name, given, true)?,
                    (None, Some(default)) => {
                        let value = self.args.expand(lex, default).map_err(|error| error.line(instruction.line))?;
                        self.add_arg_names(name, value.names);
                        self.args.set(name, &value.text, true)?;
                    }
                    (None, None) => {}
                }
            }
        }
        Ok(())
    }

    /// The arguments that reached stages take, and those that these are made of.
    pub(super) fn names_in_use(&self) -> Set<String> {
        let mut names = Set::new();
        let mut open: Vec<&String> = self.states.iter().filter(|state| state.is_reached).flat_map(|state| &state.names).collect();
        while let Some(name) = open.pop() {
            if names.add(name.clone())
                && let Some(&uses) = self.args_by_name.get(name)
            {
                open.extend(self.arg_names.get(uses).into_iter().flatten());
            }
        }
        names
    }

    /// An argument may stand there several times, each with another default.
    fn add_arg_names(&mut self, name: &str, names: Vec<String>) {
        let place = self.args_by_name.get(name).copied().unwrap_or(self.arg_names.len());
        match self.arg_names.get_mut(place) {
            Some(uses) => uses.extend(names),
            None => {
                self.args_by_name.insert(name.to_owned(), place);
                self.arg_names.push(names);
            }
        }
    }
}
