//! The tables: printed, and judged.

use alloc::collections::BTreeMap;

use crate::mentions::area;
use crate::{Case, Requirement, Requirements, Test};

/// How many rows of an area are how well covered.
#[derive(Default)]
struct Sum {
    /// Duties: tested, untested for a reason, neither.
    duties: [usize; 3],
    /// The rest: tested or not.
    others: [usize; 2],
}

impl Sum {
    fn print(&self, area: &str) {
        let [tested, excused, bare] = self.duties;
        let [pinned, loose] = self.others;
        println!("{area:10} {tested:8} {excused:8} {bare:8} {pinned:8} {loose:8}");
    }
}

/// Prints which tests pin which requirement; what must be done about it.
pub(crate) fn requirements(requirements: &Requirements, tests: &[Test]) -> Vec<String> {
    let by_id = by_id(tests);
    let mut problems = Vec::new();
    let (mut sums, mut total) = (BTreeMap::<&str, Sum>::new(), Sum::default());
    for row in &requirements.all {
        let tests = by_id.get(row.id.as_str()).map_or(&[][..], Vec::as_slice);
        println!("{:12} {:11} {}", row.id, row.level, row.summary);
        show(tests, row.untested.as_deref());
        let column = match (tests.is_empty(), &row.untested) {
            (false, None) => 0,
            (true, Some(_)) => 1,
            (true, None) => 2,
            (false, Some(why)) => {
                problems.push(format!("{} is tested, but should not need to be ({why})", row.id));
                0
            }
        };
        for sum in [sums.entry(area(&row.id).trim_end_matches('-')).or_default(), &mut total] {
            if row.is_duty() {
                sum.duties[column] += 1;
            } else {
                sum.others[usize::from(tests.is_empty())] += 1;
            }
        }
        if row.is_duty() && column == 2 {
            let Requirement { id, level, summary, .. } = row;
            problems.push(format!("{id} ({level}) has no test: {summary}"));
        }
    }
    println!("\n{:10} {:>26} {:>17}", "", "MUST and MUST NOT", "SHOULD and MAY");
    println!("area         tested  excused     bare   tested   untested");
    for (area, sum) in &sums {
        sum.print(area);
    }
    total.print("all");
    problems
}

/// The same for what broke elsewhere.
pub(crate) fn cases(cases: &[Case], tests: &[Test]) -> Vec<String> {
    let by_id = by_id(tests);
    let mut problems = Vec::new();
    for case in cases {
        let tests = by_id.get(case.id.as_str()).map_or(&[][..], Vec::as_slice);
        println!("{:20} {}", case.id, case.summary);
        show(tests, case.untested.as_deref());
        if tests.is_empty() && case.untested.is_none() {
            problems.push(format!("{} has no test: {}", case.id, case.summary));
        }
    }
    problems
}

fn by_id(tests: &[Test]) -> BTreeMap<&str, Vec<&str>> {
    let mut by_id = BTreeMap::<&str, Vec<&str>>::new();
    for test in tests {
        for id in &test.names {
            by_id.entry(id).or_default().push(&test.name);
        }
    }
    by_id
}

fn show(tests: &[&str], untested: Option<&str>) {
    for test in tests {
        println!("    {test}");
    }
    if let Some(why) = untested {
        let note = if tests.is_empty() { "" } else { "; the tests above pin parts of it" };
        println!("    - {why}{note}");
    }
}
