//! Which condition does a filter's JSON mean?

use serde_json::{Map, Value};

use super::check::{Check, Comparison};
use super::condition::Condition;
use super::path::Path;
use super::pattern;
use super::{FilterError, OPERATORS};
use crate::limits::{
    FILTER_CONDITIONS_MAX, FILTER_DEPTH_MAX, FILTER_LIST_ITEMS_MAX, FILTER_REGEXES_MAX,
};

type Result<T> = std::result::Result<T, FilterError>;

/// What has been read so far.
#[derive(Default)]
pub(super) struct Reader {
    conditions: usize,
    regexes: usize,
}

/// Where in the filter something stands.
#[derive(Clone)]
struct Place {
    pointer: String,
    depth: usize,
}

impl Place {
    fn below(&self, name: &str) -> Self {
        let name = name.replace('~', "~0").replace('/', "~1");
        Self {
            pointer: format!("{}/{name}", self.pointer),
            depth: self.depth,
        }
    }

    fn deeper(&self) -> Result<Self> {
        let depth = self.depth + 1;
        if depth > FILTER_DEPTH_MAX {
            return Err(self.fault(format!(
                "conditions are nested deeper than {FILTER_DEPTH_MAX}; write paths as \"a.b.c\""
            )));
        }
        let pointer = self.pointer.clone();
        Ok(Self { pointer, depth })
    }

    fn fault(&self, detail: impl Into<String>) -> FilterError {
        FilterError {
            pointer: self.pointer.clone(),
            detail: detail.into(),
        }
    }
}

impl Reader {
    pub(super) fn filter(&mut self, filter: &Value) -> Result<Condition> {
        let root = Place {
            pointer: String::new(),
            depth: 0,
        };
        match filter.as_object() {
            // No condition is one that everything meets.
            Some(members) if members.is_empty() => Ok(Condition::All(Vec::new())),
            _ => self.object(filter, &root),
        }
    }

    /// `{"path": condition, "$or": [filter, ...]}`
    fn object(&mut self, filter: &Value, place: &Place) -> Result<Condition> {
        let members = filter.as_object().filter(|members| !members.is_empty());
        let Some(members) = members else {
            let hint = "must be an object with a condition, as {\"amount\": {\"$gte\": 100}}";
            return Err(place.fault(hint));
        };
        let place = place.deeper()?;
        let mut all = Vec::with_capacity(members.len());
        for (name, value) in members {
            let below = place.below(name);
            all.push(match name.as_str() {
                "$and" | "$or" | "$nor" => self.group(name, value, &below, Self::object)?,
                "$not" => not(&below, self.object(value, &below)?),
                operator if operator.starts_with('$') => {
                    return Err(below.fault(format!(
                        "{operator:?} cannot stand here; put it under a path, as {{\"path\": {{{operator:?}: ...}}}}; \
                         here may stand $and, $or, $nor and $not"
                    )));
                }
                path => {
                    let path = Path::parse(path).map_err(|detail| below.fault(detail))?;
                    let of = Box::new(self.condition(value, &below)?);
                    Condition::At { path, of }
                }
            });
        }
        Ok(Condition::All(all))
    }

    /// What is asked of the values at a path.
    fn condition(&mut self, value: &Value, place: &Place) -> Result<Condition> {
        match value {
            Value::Object(members) if members.keys().any(|name| name.starts_with('$')) => {
                self.operators(members, &place.deeper()?)
            }
            Value::Object(_) => Ok(Condition::Object {
                pointer: place.pointer.clone(),
                of: Box::new(self.object(value, place)?),
            }),
            Value::Array(items) => {
                let check = Check::Holds(list(items, place)?);
                self.passes(check, place)
            }
            scalar => self.passes(Check::Equal(scalar.clone()), place),
        }
    }

    fn operators(&mut self, members: &Map<String, Value>, place: &Place) -> Result<Condition> {
        let mut all = Vec::with_capacity(members.len());
        for (name, value) in members {
            let below = place.below(name);
            if !name.starts_with('$') {
                return Err(below.fault(format!(
                    "{name:?} stands beside operators; put all names into one object and all operators into another"
                )));
            }
            all.push(match name.as_str() {
                "$and" | "$or" | "$nor" => self.group(name, value, &below, Self::condition)?,
                "$not" => not(&below, self.condition(value, &below)?),
                operator => self.operator(operator, value, &below)?,
            });
        }
        Ok(Condition::All(all))
    }

    fn operator(&mut self, name: &str, value: &Value, place: &Place) -> Result<Condition> {
        let check = match name {
            "$eq" => Check::Equal(value.clone()),
            "$ne" | "$neq" => {
                let equal = self.passes(Check::Equal(value.clone()), place)?;
                return Ok(not(place, equal));
            }
            "$in" => Check::OneOf(self::items(value, place)?),
            "$nin" => {
                let one_of = self.passes(Check::OneOf(items(value, place)?), place)?;
                return Ok(not(place, one_of));
            }
            "$gt" => compare(Comparison::Greater, value, place)?,
            "$gte" => compare(Comparison::AtLeast, value, place)?,
            "$lt" => compare(Comparison::Less, value, place)?,
            "$lte" => compare(Comparison::AtMost, value, place)?,
            "$startsWith" => Check::Begins(texts(value, place)?),
            "$endsWith" => Check::Ends(texts(value, place)?),
            "$contains" => Check::Has(text(value, place)?.to_owned()),
            "$regex" => {
                self.regexes += 1;
                if self.regexes > FILTER_REGEXES_MAX {
                    let detail =
                        format!("a filter has at most {FILTER_REGEXES_MAX} regular expressions");
                    return Err(place.fault(detail));
                }
                let ready = pattern::compile(text(value, place)?);
                let (regex, cost) = ready.map_err(|detail| place.fault(detail))?;
                Check::Regex(regex, cost)
            }
            "$exists" | "$exist" => {
                self.count(place)?;
                let wanted = value.as_bool();
                let wanted = wanted.ok_or_else(|| place.fault("must be true or false"))?;
                let pointer = place.pointer.clone();
                return Ok(Condition::Exists { pointer, wanted });
            }
            unknown => {
                return Err(place.fault(format!(
                    "{unknown:?} is no operator; the operators are {}",
                    OPERATORS.join(", ")
                )));
            }
        };
        self.passes(check, place)
    }

    /// `$and`, `$or`, `$nor` over conditions of either kind.
    fn group(
        &mut self,
        name: &str,
        value: &Value,
        place: &Place,
        read: fn(&mut Self, &Value, &Place) -> Result<Condition>,
    ) -> Result<Condition> {
        let items = value.as_array().filter(|items| !items.is_empty());
        let items = items.ok_or_else(|| place.fault("must be a list of one condition or more"))?;
        let inner = place.deeper()?;
        let each = items.iter().enumerate();
        let of: Vec<Condition> = each
            .map(|(index, item)| read(self, item, &inner.below(&index.to_string())))
            .collect::<Result<_>>()?;
        let pointer = place.pointer.clone();
        Ok(match name {
            "$and" => Condition::All(of),
            "$or" => Condition::Any { pointer, of },
            _ => not(place, Condition::Any { pointer, of }),
        })
    }

    fn passes(&mut self, check: Check, place: &Place) -> Result<Condition> {
        self.count(place)?;
        let pointer = place.pointer.clone();
        Ok(Condition::Passes { pointer, check })
    }

    fn count(&mut self, place: &Place) -> Result<()> {
        self.conditions += 1;
        if self.conditions > FILTER_CONDITIONS_MAX {
            return Err(place.fault(format!(
                "a filter has at most {FILTER_CONDITIONS_MAX} conditions; use $in for a choice of values"
            )));
        }
        Ok(())
    }
}

fn not(place: &Place, of: Condition) -> Condition {
    Condition::Not {
        pointer: place.pointer.clone(),
        of: Box::new(of),
    }
}

fn compare(how: Comparison, value: &Value, place: &Place) -> Result<Check> {
    match value {
        Value::Number(_) | Value::String(_) => Ok(Check::Compare(how, value.clone())),
        _ => Err(place.fault("must be a number or a text to compare with")),
    }
}

fn text<'v>(value: &'v Value, place: &Place) -> Result<&'v str> {
    let text = value.as_str().filter(|text| !text.is_empty());
    text.ok_or_else(|| place.fault("must be a text of one character or more"))
}

/// One text, or several to choose from.
fn texts(value: &Value, place: &Place) -> Result<Vec<String>> {
    let one = |item| text(item, place).map(str::to_owned);
    match value {
        Value::Array(items) => list(items, place)?.iter().map(one).collect(),
        item => Ok(vec![one(item)?]),
    }
}

fn items(value: &Value, place: &Place) -> Result<Vec<Value>> {
    match value {
        Value::Array(items) => list(items, place),
        Value::String(_) => {
            Err(place.fault("must be a list of values; for a part of a text use $contains"))
        }
        _ => Err(place.fault("must be a list of values")),
    }
}

fn list(items: &[Value], place: &Place) -> Result<Vec<Value>> {
    if (1..=FILTER_LIST_ITEMS_MAX).contains(&items.len()) {
        return Ok(items.to_vec());
    }
    Err(place.fault(format!(
        "must be a list of 1 to {FILTER_LIST_ITEMS_MAX} items; for a list that is empty use {{\"$eq\": []}}"
    )))
}
