//! `metric["db/cpu"]`: the newest value of a series as a number, read from the document when it is asked for. What is too old to speak for
//! now, or was never published, is not known instead of a number. Called by `facts`.

use cel::ExecutionError;
use cel::common::traits::{Container, Indexer};
use cel::common::types::{CelDouble, CelString, MAP_TYPE, Type};
use cel::common::value::{CowVal, Val};
use chrono::DateTime;
use serde::Deserialize;
use serde_json::Value as Json;

use super::functions::CANNOT_TELL;
use crate::model::metric::{Alb, Db, Metrics, Reading, Readings, Series, SeriesId};
use crate::model::{Time, text};

/// Under these names one series is read alone, and the newest minute of all others beside it: any two will do.
const OWN: SeriesId = Db::Cpu.id();
const OTHERS: SeriesId = Alb::Requests.id();

/// The metrics of a document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Figures<'v> {
    /// The section's data.
    data: &'v Json,
    now: Time,
}

impl<'v> Figures<'v> {
    pub(super) fn of(data: &'v Json, now: Time) -> Self {
        Self { data, now }
    }

    fn series(&self) -> Option<&'v serde_json::Map<String, Json>> {
        self.data.get("series")?.as_object()
    }

    /// The newest minute that any series has: without it, the silence of one says nothing.
    fn newest(&self) -> Option<i64> {
        let over = |at: &i64| at + 60 <= self.now.timestamp();
        let last = |series: &Json| series.get("points")?.as_array()?.iter().rev().filter_map(|p| p.get(0)?.as_i64()).find(over);
        self.series()?.values().filter_map(last).max()
    }

    fn value(&self, id: &str) -> Result<f64, ExecutionError> {
        let written = self.series().and_then(|all| all.get(id)).ok_or_else(|| ExecutionError::no_such_key(id))?;
        let untold = |why: String| ExecutionError::function_error(CANNOT_TELL, format!("metric {id}: {why}"));
        if let Some(why) = self.data.pointer("/refused").and_then(|all| all.get(id)?.as_str()) {
            return Err(untold(why.to_owned()));
        }
        let series = Series::deserialize(written).map_err(|e| untold(e.to_string()))?;
        let others = self.newest().map(|at| Series { points: vec![(at, 0.0)], ..Series::default() });
        let asked_at = self.data.get("asked_at").and_then(|at| Deserialize::deserialize(at).ok()).unwrap_or_default();
        let mut all = Metrics { series: [(OWN.into(), series)].into(), asked_at, ..Metrics::default() };
        all.series.extend(others.map(|others| (OTHERS.into(), others)));
        match Readings::over(Some(&all), self.now).of(OWN) {
            Reading::Value { value, .. } => Ok(value),
            Reading::Zero { .. } => Ok(0.0),
            Reading::Stale { at, .. } => {
                let at = DateTime::from_timestamp(at, 0).unwrap_or_default();
                Err(untold(format!("the newest value is of {}, {} ago", at.format("%H:%M"), text::age(at, self.now))))
            }
            Reading::Unknown => Err(untold("no value yet".to_owned())),
        }
    }
}

impl Val for Figures<'_> {
    fn get_type(&self) -> &Type {
        &MAP_TYPE
    }

    fn cel_type() -> &'static Type {
        &MAP_TYPE
    }

    fn as_container(&self) -> Option<&dyn Container> {
        Some(self)
    }

    fn as_indexer<'b, 'w>(&'b self) -> Option<&'b (dyn Indexer + 'w)>
    where
        Self: 'w,
    {
        Some(self)
    }

    fn into_indexer<'w>(self: Box<Self>) -> Option<Box<dyn Indexer + 'w>>
    where
        Self: 'w,
    {
        Some(self)
    }

    fn equals(&self, _: &dyn Val) -> bool {
        false
    }

    fn clone_as_boxed<'w>(&self) -> Box<dyn Val + 'w>
    where
        Self: 'w,
    {
        Box::new(*self)
    }
}

impl Container for Figures<'_> {
    fn contains(&self, value: &dyn Val) -> Result<bool, ExecutionError> {
        let id = value.downcast_ref::<CelString>().map(CelString::inner);
        Ok(id.is_some_and(|id| self.series().is_some_and(|all| all.contains_key(id))))
    }
}

impl Indexer for Figures<'_> {
    fn get<'b, 'w>(&'b self, index: &dyn Val) -> Result<CowVal<'b, 'w>, ExecutionError>
    where
        Self: 'w,
    {
        let id = index.downcast_ref::<CelString>().map_or("", CelString::inner);
        self.value(id).map(|value| CowVal::owned(CelDouble::from(value)))
    }

    fn steal<'w>(self: Box<Self>, index: &dyn Val) -> Result<Box<dyn Val + 'w>, ExecutionError>
    where
        Self: 'w,
    {
        let id = index.downcast_ref::<CelString>().map_or("", CelString::inner);
        self.value(id).map(|value| Box::new(CelDouble::from(value)) as Box<dyn Val + 'w>)
    }
}
