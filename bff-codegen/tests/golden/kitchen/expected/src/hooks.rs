//! The functions that `specs/kitchen.yaml` names with `transform`.
//!
//! `bff generate` wrote this file once, from now on it is yours. A function gets what its endpoint's `response`
//! selects, and what it gives back is what the frontend sees. Its type has the fields that the spec names and
//! no others: a field to fill in starts as a literal there, as in `total: 0`.
//!
//! Compute and return. What has to wait for something is a call, and calls stand in the spec. An error's words
//! go to the log, the frontend gets a 500 that doesn't show them; the same becomes of a panic.

use bff_runtime::HookError;

use super::types;

/// What `GET /plates` answers.
pub fn plate_up(answer: types::GetPlates) -> Result<types::GetPlates, HookError> {
    Ok(answer)
}

/// What `GET /plates/ids` answers.
pub fn type_plates(answer: types::GetPlatesIds) -> Result<types::GetPlatesIds, HookError> {
    Ok(answer)
}

/// What `GET /prices` answers.
pub fn price_up(answer: types::GetPrices) -> Result<types::GetPrices, HookError> {
    Ok(answer)
}

/// What `GET /mixed` answers.
pub fn mix(answer: types::GetMixed) -> Result<types::GetMixed, HookError> {
    Ok(answer)
}

/// What `GET /shapes` answers.
pub fn a_function_with_a_name_that_takes_more_room_than_one_line_has(
    answer: types::GetShapes,
) -> Result<types::GetShapes, HookError> {
    Ok(answer)
}
