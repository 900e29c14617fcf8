//! [`Mapping`]: numbers of other formats to materials, as `--map` spells it.

use bluemarble_core::{MaterialId, MaterialTable};
use bluemarble_edit::KEEP;
use clap::Args;

use crate::failure::Failure;

/// What numbers become, where they are materials unless said otherwise.
#[derive(Args)]
pub struct MapArgs {
    /// What numbers become: NUMBER=MATERIAL, FIRST-LAST=MATERIAL or *=MATERIAL, separated by commas; a
    /// material is a name, a number, or `keep` to leave the voxel as it is.
    #[arg(long, value_name = "RULES")]
    map: Vec<String>,
}

impl MapArgs {
    /// The mapping into a table; numbers that are no materials of it and have no rule have none.
    pub fn mapping(&self, materials: &MaterialTable) -> Result<Mapping, Failure> {
        let known = materials.rows().len();
        Mapping::parse(&self.map, materials, |number| {
            let is_known = usize::from(number) < known || MaterialId(number) == KEEP;
            is_known.then_some(MaterialId(number))
        })
    }
}

/// What each number up to 65535 becomes; numbers without a rule have none.
#[derive(Hash)]
pub struct Mapping {
    targets: Vec<Option<MaterialId>>,
}

impl Mapping {
    /// Rules such as `3=granite`, `4-9=rock`, `0=keep` and `*=air`; the later rule counts. What no rule is
    /// about becomes what `rest` says.
    pub fn parse(
        rules: &[String],
        materials: &MaterialTable,
        rest: impl Fn(u16) -> Option<MaterialId>,
    ) -> Result<Self, Failure> {
        let mut targets: Vec<_> = (0..=u16::MAX).map(rest).collect();
        for rule in rules.iter().flat_map(|rules| rules.split(',')) {
            let refuse = |what: String| Failure::new(format!("--map {rule}: {what}"));
            let Some((sources, target)) = rule.split_once('=') else {
                return Err(refuse("write NUMBER=MATERIAL".to_owned()));
            };
            let target = match target.trim() {
                "keep" => KEEP,
                name => material(materials, name).map_err(&refuse)?,
            };
            let number = |text: &str| {
                let number = text.trim().parse::<u16>();
                number.map_err(|_| refuse(format!("`{text}` is no number from 0 to 65535")))
            };
            let sources = match sources.trim() {
                "*" => 0..=u16::MAX,
                range => match range.split_once('-') {
                    Some((first, last)) => number(first)?..=number(last)?,
                    None => number(range)?..=number(range)?,
                },
            };
            for source in sources {
                targets[usize::from(source)] = Some(target);
            }
        }
        Ok(Self { targets })
    }

    /// Why a file that holds a number without a rule is refused.
    pub fn refusal(number: u16) -> String {
        format!(
            "it holds {number}, which is no material of this world; say what it becomes with \
             --map {number}=MATERIAL"
        )
    }

    /// What a number becomes; `None` if no rule says it.
    pub fn get(&self, number: u16) -> Option<MaterialId> {
        self.targets[usize::from(number)]
    }
}

/// A material by name or number.
pub fn material(materials: &MaterialTable, text: &str) -> Result<MaterialId, String> {
    if let Ok(number) = text.parse::<u16>() {
        let id = MaterialId(number);
        return match materials.get(id) {
            Some(_) => Ok(id),
            None => Err(format!(
                "material {number} is not in the table, whose last is {}; add it there first",
                materials.rows().len() - 1
            )),
        };
    }
    materials.id(text).map_err(|_| {
        let names: Vec<_> = materials.rows().iter().map(|row| row.name.as_str()).collect();
        format!("no material is named `{text}`; choose one of: {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_rules_win_over_earlier_ones() {
        let table = MaterialTable::standard();
        let rules = ["*=air,4-6=granite".to_owned(), "5=keep".to_owned(), "7 = 9".to_owned()];
        let mapping = Mapping::parse(&rules, &table, |_| None).expect("rules");
        let granite = table.id("granite").expect("shipped");
        let expected =
            [(0, MaterialId::AIR), (4, granite), (5, KEEP), (6, granite), (7, MaterialId(9))];
        for (number, material) in expected {
            assert_eq!(mapping.get(number), Some(material), "{number}");
        }
    }

    #[test]
    fn a_wrong_rule_is_named() {
        let table = MaterialTable::standard();
        for rule in ["3", "x=air", "3=cheese", "3=500", "70000=air", "=air"] {
            let Err(error) = Mapping::parse(&[rule.to_owned()], &table, |_| None) else {
                panic!("{rule} is taken")
            };
            assert!(format!("{error:?}").contains(&format!("--map {rule}: ")), "{error:?}");
        }
    }
}
