//! What every generated gateway links.
//!
//! Request → [listener] → [stack] → endpoint → [calls][engine] by data flow → tapes → template → response.
pub mod plan;
