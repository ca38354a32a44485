//! Keys that are nearly those of a section: what is below them counts as defined, so that one mistake is one
//! error, however often it is met.

use crate::{
    codes::{self, Code},
    language::{
        data::ModuleId,
        definition::Element,
        keys::{BUILTIN_STEPS, COMMAND, EXECUTOR, JOB},
        other_services::{Owner, advice},
    },
    read::yaml::{At, Entry},
    resolve::{lookup::Lookup, version::SECTIONS},
    text::{help::Help, place::Place, problem::Problem, suggest::nearest},
};

impl<'d> Lookup<'_, 'd> {
    /// Returns whether the configuration defines `name` below a misspelled `section`, which is reported at
    /// the key of the section. `place` is that of the name.
    pub(super) fn is_below_misspelled(
        &mut self,
        module: ModuleId,
        section: &'static str,
        name: &str,
        place: Place,
    ) -> bool {
        let Some(found) = self.misspelled_section(module, section) else { return false };
        if self.render.doc().get(found.value, name).is_none() {
            return false;
        }
        let what = section.replace('-', " ");
        let message = format!("the {what} are defined under `{}`, which is ignored", found.name);
        let problem = Problem::error(code_of(section), found.key, message);
        let problem = problem.related(place, "one of them is used here");
        let problem = problem.help(Help::did_you_mean(section));
        self.render.report().withdraw(codes::UNKNOWN_SECTION, found.key);
        self.render.report().add(problem);
        true
    }

    /// The same of an element: a step may be one of the built-in ones, and what a workflow names a group.
    pub(super) fn is_element_below_misspelled(
        &mut self,
        module: ModuleId,
        element: Element,
        name: &str,
        place: Place,
    ) -> bool {
        let is_builtin = element == Element::Command && BUILTIN_STEPS.contains(&name);
        let groups = (element == Element::Job).then(|| Element::Group.section());
        let mut sections = [Some(element.section()), groups].into_iter().flatten();
        !is_builtin
            && sections.any(|section| self.is_below_misspelled(module, section, name, place))
    }

    /// Returns the key of a definition that was probably meant as `parameters`. It is reported as any key that
    /// is not known; what it declares counts, so that this is all that is reported.
    pub(super) fn misspelled_parameters(
        &self,
        module: ModuleId,
        element: Element,
        definition: At,
    ) -> Option<Entry<'d>> {
        let known = match element {
            Element::Job => JOB,
            Element::Command => COMMAND,
            Element::Executor => EXECUTOR,
            Element::Group | Element::Pipeline => return None,
        };
        let means = |name: &str| {
            let foreign = Owner::named(known.what).and_then(|owner| advice(owner, name));
            let foreign = foreign.and_then(|help| help.replacement);
            nearest(name, known.keys.iter().copied()) == Some("parameters")
                || foreign.is_some_and(|key| key == "parameters")
        };
        let is_meant = |key: &Entry<'d>| {
            !known.keys.contains(&key.name)
                && means(key.name)
                && self.render.doc().is_map(key.value)
        };
        let mut keys = self.render.doc().entries(definition).iter();
        keys.find(is_meant).filter(|_| module == ModuleId::CONFIG)
    }

    /// Returns the top-level key that was probably meant as `section`, if that one is not there. It is looked
    /// for once.
    fn misspelled_section(&mut self, module: ModuleId, section: &'static str) -> Option<Entry<'d>> {
        // Version 2.0 has no other definitions.
        let is_known = self.render.has_templates() || section == Element::Job.section();
        if module != ModuleId::CONFIG || !is_known {
            return None;
        }
        if let Some(known) = self.modules.misspelled.get(section) {
            return *known;
        }
        let found = self.find_misspelled(module, section);
        self.modules.misspelled.insert(section, found);
        found
    }

    fn find_misspelled(&self, module: ModuleId, section: &str) -> Option<Entry<'d>> {
        let root = self.modules.get(module).root?;
        let doc = self.render.doc();
        if doc.get(root, section).is_some() {
            return None;
        }
        let is_meant = |entry: &Entry<'d>| {
            !SECTIONS.contains(&entry.name)
                && nearest(entry.name, SECTIONS.iter().copied()) == Some(section)
        };
        doc.entries(root).iter().find(is_meant)
    }
}

/// The code of a name that a section does not define.
fn code_of(section: &str) -> Code {
    match section {
        "commands" => codes::UNKNOWN_COMMAND,
        "executors" => codes::UNKNOWN_EXECUTOR,
        "orbs" => codes::UNKNOWN_ORB,
        _ => codes::UNKNOWN_JOB,
    }
}
