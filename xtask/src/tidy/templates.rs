//! Templates decide by methods and matches, not by words.
//!
//! `{% if shell.section == "projects" %}` compiles with any word, and one that is misspelled is never
//! equal. A method of an enum, `{% if shell.section.is_projects() %}`, must exist.

use super::{
    report::report,
    source::{self, Source},
};

/// Finds tags that compare with a word.
fn compared_words(templates: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for template in templates {
        for (line, content) in (1..).zip(template.text.lines()) {
            let tags = content.split("{%").skip(1).filter_map(|rest| rest.split_once("%}"));
            for (tag, _) in tags {
                if tag.contains("== \"") || tag.contains("!= \"") {
                    broken.push(format!("{}:{line}: {}", template.path, tag.trim()));
                }
            }
        }
    }
    broken
}

#[test]
fn templates_compare_with_no_word() {
    let mut templates = source::tree(&["crates"]);
    templates.retain(|source| source.is_inside("templates"));
    assert!(templates.len() > 20, "the templates were not found");
    report("templates ask methods, and compare with no word", compared_words(&templates));
}

#[test]
fn a_compared_word_is_seen() {
    let text = "<a{% if tab == \"setup\" %} a{% endif %}>\n\
                <a title=\"x == \"{% if tab.is_setup() %} b{% else if a != \"b\" %}{% endif %}>\n";
    let templates = source::sample(&[("crates/a/templates/a.html", text)]);
    assert_eq!(
        compared_words(&templates),
        [
            "crates/a/templates/a.html:1: if tab == \"setup\"",
            "crates/a/templates/a.html:2: else if a != \"b\""
        ]
    );
}
