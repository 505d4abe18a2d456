//! From names to addresses: what a program can put in place of the system, and what there is.
//!
//! [`SystemResolver`] asks the system, on threads. [`StaticResolver`] knows some names itself.

mod resolver;
mod system;
mod fixed;

pub use fixed::StaticResolver;
pub use resolver::{Resolver, Resolving};
pub use system::SystemResolver;
