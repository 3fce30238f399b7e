//! Skills: what a server publishes, and what must hold before a model sees it (SEP-2640,
//! `io.modelcontextprotocol/skills`).

use mcp_core::model::RawObject;
use mcp_core::skills::{
    FrontmatterFault, ListSkillsResult, MAX_BYTES, Skill, SkillFault, SkillResource, SkillResources,
};
use proptest::prelude::*;
use serde_json::json;

const URI: &str = "skill://acme/refunds/SKILL.md";
const FORM: &str = "skill://acme/refunds/references/FORM.md";
const TEXT: &str =
    "---\nname: refunds\ndescription: Refund a customer\n---\n\nSee references/FORM.md\n";

fn frontmatter() -> RawObject {
    r#"{"name":"refunds","description":"Refund a customer"}"#.parse().unwrap()
}

fn skill() -> Skill {
    Skill::new(URI, frontmatter(), [SkillResource::of(URI, TEXT), SkillResource::of(FORM, "form")])
}

/// A skill whose `SKILL.md` has this frontmatter, and whose entry has that.
fn loads(yaml: &str, entry: serde_json::Value) -> Result<(), SkillFault> {
    let text = format!("---\n{yaml}\n---\nbody\n");
    let entry = RawObject::encode(&entry).unwrap();
    let skill = Skill::new(URI, entry, [SkillResource::of(URI, &text)]);
    skill.verify_instructions(text.as_bytes()).map(drop)
}

#[test]
fn an_entry_is_read_and_written_as_it_is() {
    let json = json!({
        "skills": [
            {"uri": URI, "frontmatter": {"name": "refunds", "description": "d", "x": 1e3},
             "resources": [{"uri": URI, "digest": format!("sha256:{}", "0".repeat(64)), "size": 1}]},
            {"uri": "github://a/daily/SKILL.md", "frontmatter": {"name": "daily", "description": "d"},
             "resources": "dynamic"},
        ],
        "nextCursor": "", "ttlMs": 5, "cacheScope": "public",
    });
    let list: ListSkillsResult = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(list.skills[0].name().as_deref(), Some("refunds"));
    assert_eq!(list.skills[1].resources, SkillResources::Dynamic);
    assert_eq!(serde_json::to_value(&list).unwrap(), json);
}

/// An entry that says nothing of its files is invalid, and the others of the list are not.
#[test]
fn one_bad_entry_spoils_no_list() {
    for bad in [
        json!({}),
        json!({"resources": null}),
        json!({"resources": "static"}),
        json!({"resources": [7]}),
    ] {
        let mut entry = json!({"uri": URI, "frontmatter": {"name": "refunds", "description": "d"}});
        entry.as_object_mut().unwrap().extend(bad.as_object().unwrap().clone());
        let list: ListSkillsResult =
            serde_json::from_value(json!({"skills": [entry, skill()]})).unwrap();
        assert!(matches!(list.skills[0].check(), Err(SkillFault::Entry(_))));
        assert!(!list.skills[0].may_have(URI));
        assert_eq!(list.skills[1].check(), Ok(()));
    }
}

#[test]
fn entries_are_checked_before_anything_is_fetched() {
    assert_eq!(skill().check(), Ok(()));
    assert_eq!(Skill::dynamic(URI, frontmatter()).check(), Ok(()));
    let with = |resources: Vec<SkillResource>| Skill::new(URI, frontmatter(), resources).check();
    let own = SkillResource::of(URI, TEXT);
    for outside in [
        "skill://acme/other/x.md",
        "skill://acme/refunds",
        "skill://acme/refunds/",
        "skill://acme/refunds/../other/x.md",
        "skill://acme/refunds/%2e%2E/x.md",
        "skill://acme/refunds/a//b",
        "skill://acme/refunds/a?b",
        "skill://acme/refunds-2/x.md",
        "file:///etc/passwd",
    ] {
        let fault = with(vec![own.clone(), SkillResource::of(outside, "")]);
        assert!(matches!(fault, Err(SkillFault::Entry(_))), "{outside}");
    }
    assert!(matches!(with(vec![]), Err(SkillFault::Entry(_))), "not even SKILL.md");
    assert!(matches!(with(vec![own.clone(), own.clone()]), Err(SkillFault::Entry(_))), "twice");
    for digest in ["sha256:AB", "md5:00", "", &format!("sha256:{}", "A".repeat(64))] {
        let mut bad = own.clone();
        bad.digest = digest.to_owned();
        assert!(matches!(with(vec![bad]), Err(SkillFault::Entry(_))), "{digest}");
    }
    for (uri, frontmatter) in [
        ("skill://acme/refunds/README.md", r#"{"name":"refunds","description":"d"}"#),
        ("SKILL.md", r#"{"name":"","description":"d"}"#),
        (URI, r#"{"name":"other","description":"d"}"#),
        (URI, r#"{"name":"refunds"}"#),
        (URI, r#"{"name":7,"description":"d"}"#),
    ] {
        let skill = Skill::new(uri, frontmatter.parse().unwrap(), [SkillResource::of(uri, "")]);
        assert!(matches!(skill.check(), Err(SkillFault::Entry(_))), "{uri} {frontmatter}");
    }
}

/// The limits of the extension: 512 files and 16 MiB are accepted, one more is not.
#[test]
fn limits_hold_before_anything_is_fetched() {
    let with = |files: usize, size: u64| {
        let mut resources = vec![SkillResource::of(URI, TEXT)];
        resources[0].size = size;
        resources
            .extend((1..files).map(|n| SkillResource::of(format!("skill://acme/refunds/{n}"), "")));
        Skill::new(URI, frontmatter(), resources).check()
    };
    assert_eq!(with(512, MAX_BYTES), Ok(()));
    assert_eq!(with(513, 1), Err(SkillFault::TooManyFiles(513)));
    assert_eq!(with(2, MAX_BYTES + 1), Err(SkillFault::TooLarge));
    assert_eq!(with(1, u64::MAX), Err(SkillFault::TooLarge));
}

#[test]
fn files_are_what_their_digests_and_sizes_say() {
    let skill = skill();
    assert_eq!(skill.verify(FORM, b"form"), Ok(()));
    assert_eq!(skill.verify(FORM, b"farm"), Err(SkillFault::Digest(FORM.to_owned())));
    let size = SkillFault::Size { uri: FORM.to_owned(), expected: 4, found: 5 };
    assert_eq!(skill.verify(FORM, b"forms"), Err(size));
    let unlisted = "skill://acme/refunds/references/NEW.md";
    assert_eq!(skill.verify(unlisted, b""), Err(SkillFault::Unlisted(unlisted.to_owned())));

    assert_eq!(skill.verify_instructions(TEXT.as_bytes()), Ok(TEXT));
    let evil = TEXT.replace("FORM.md", "EVIL.md");
    let fault = skill.verify_instructions(evil.as_bytes());
    assert_eq!(fault, Err(SkillFault::Digest(URI.to_owned())));
}

#[test]
fn references_stay_in_the_skill() {
    let skill = skill();
    for reference in
        ["references/FORM.md", "./references/FORM.md", "references/../references//FORM.md"]
    {
        assert_eq!(skill.resolve(reference).as_deref(), Ok(FORM), "{reference}");
    }
    for reference in
        ["../refunds/SKILL.md", "references/NEW.md", "", ".", "/SKILL.md", FORM, "a/../../b"]
    {
        assert!(matches!(skill.resolve(reference), Err(SkillFault::Unlisted(_))), "{reference}");
    }
    let dynamic = Skill::dynamic(URI, frontmatter());
    assert_eq!(dynamic.resolve("any.md").as_deref(), Ok("skill://acme/refunds/any.md"));
    assert!(dynamic.resolve("../any.md").is_err());
    assert!(!dynamic.may_have("skill://acme/other/any.md"));
}

#[test]
fn frontmatter_is_compared_member_by_member() {
    let yaml = "name: refunds # the name\ndescription: >-\n  Refund\n  a customer\nmetadata:\n  version: \"1.0\"\n  \
                level: 2\n  rate: 1.50\n  big: 9007199254740993\n  tags: [a, 'b', yes, 0x10]\n  none: ~\n  on: true\n  \
                date: 2026-01-01\n  '7': seven";
    let entry = |version: serde_json::Value| {
        json!({
            "name": "refunds", "description": "Refund a customer",
            "metadata": {"version": version, "level": 2.0, "rate": 1.5, "big": 9_007_199_254_740_993_u64,
                "tags": ["a", "b", "yes", 16], "none": null, "on": true, "date": "2026-01-01", "7": "seven"},
        })
    };
    assert_eq!(loads(yaml, entry(json!("1.0"))), Ok(()));
    let differs = |member: &str| Err(SkillFault::Differs(member.to_owned()));
    assert_eq!(loads(yaml, entry(json!(1.0))), differs("metadata"));
    let text = "name: refunds\ndescription: d";
    assert_eq!(loads(text, json!({"name": "refunds", "description": "d"})), Ok(()));
    assert_eq!(loads(text, json!({"name": "refunds", "description": "D"})), differs("description"));
    assert_eq!(
        loads(text, json!({"name": "refunds"})),
        differs("description"),
        "hidden by the entry"
    );
    let more = json!({"name": "refunds", "description": "d", "license": "MIT"});
    assert_eq!(loads(text, more), differs("license"), "made up by the entry");
    let big = |n: u64| loads(&format!("n: {n}"), json!({"n": 9_007_199_254_740_993_u64}));
    assert_eq!(big(9_007_199_254_740_993), Ok(()));
    assert_eq!(big(9_007_199_254_740_992), differs("n"), "not by way of a float");
}

#[test]
fn what_is_no_frontmatter_is_refused() {
    let fault = |text: &str| {
        let skill = Skill::new(URI, RawObject::new(), [SkillResource::of(URI, text)]);
        match skill.verify_instructions(text.as_bytes()) {
            Err(SkillFault::Frontmatter(fault)) => Some(fault),
            _ => None,
        }
    };
    for missing in
        ["", "name: x\n", "---", "---\nname: x\n", " ---\nname: x\n---\n", "# x\n---\na: b\n---\n"]
    {
        assert_eq!(fault(missing), Some(FrontmatterFault::Missing), "{missing:?}");
    }
    let yaml = |yaml: &str| fault(&format!("---\n{yaml}\n---\n"));
    for malformed in ["a: [", "a: b: c", "a: *none", "'a"] {
        assert_eq!(yaml(malformed), Some(FrontmatterFault::Malformed), "{malformed:?}");
    }
    for odd in [
        "",
        "text",
        "- a",
        "a: 1\na: 2",
        "a: .inf",
        "a: !mine b",
        "[a]: b",
        "? {a: b}\n: c",
        "a: b\n...\nc",
    ] {
        assert!(yaml(odd).is_some(), "{odd:?}");
    }
    assert_eq!(yaml("a: &x 1\nb: *x"), None, "aliases are fine");
    let deep = format!("a: {}{}", "[".repeat(100), "]".repeat(100));
    assert_eq!(yaml(&deep), Some(FrontmatterFault::TooLarge));
    let wide = format!("a: [{}]", "0,".repeat(5000));
    assert_eq!(yaml(&wide), Some(FrontmatterFault::TooLarge));
    assert_eq!(yaml(&format!("a: {}", "x".repeat(70_000))), Some(FrontmatterFault::TooLarge));
    let laughs: String = (1..30).map(|n| format!("a{n}: &a{n} [*a{0},*a{0}]\n", n - 1)).collect();
    assert_eq!(yaml(&format!("a0: &a0 x\n{laughs}")), Some(FrontmatterFault::TooLarge));
    let skill = Skill::new(URI, RawObject::new(), [SkillResource::of(URI, [0xff])]);
    let not_text = SkillFault::Frontmatter(FrontmatterFault::NotText);
    assert_eq!(skill.verify_instructions(&[0xff]), Err(not_text));
}

proptest! {
    #[test]
    fn no_frontmatter_makes_it_panic(text in "(---\r?\n)?[-:\\[\\]{}&*!|>'\"%@`#?,~ \r\n\ta-c0-9.\u{85}\u{feff}é]{0,60}(\n---\n)?") {
        let skill = Skill::new(URI, RawObject::new(), [SkillResource::of(URI, &text)]);
        drop(skill.verify_instructions(text.as_bytes()));
    }
}
