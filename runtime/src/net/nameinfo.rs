//! From addresses to names: the other direction of `resolve.rs`, behind a feature.
//!
//! The standard library does not have it, and the call of the system wants raw pointers; so a
//! crate makes the call. It blocks, and runs on a thread of the loop's default pool.

use std::ffi::c_int;
use std::io;
use std::net::SocketAddr;
use std::panic::Location;

use crate::executor::try_on_default;

/// Finds the names of an address: of its host, and of the service at its port.
///
/// What has no name is given in figures. `flags` are those of the system, such as
/// `libc::NI_NUMERICHOST`; 0 asks for names. The asyncio counterpart is `loop.getnameinfo`.
///
/// # Errors
///
/// What the system's resolver says, also to flags that it does not know; and if the default
/// executor has been shut down.
///
/// # Cancel safety
///
/// Dropping or cancelling it leaves the look-up running on its thread; its result is dropped.
///
/// # Panics
///
/// If no loop is running.
///
/// ```
/// use looplet::{getnameinfo, run};
/// use std::net::SocketAddr;
///
/// let address: SocketAddr = ([127, 0, 0, 1], 80).into();
/// let (host, _service) = run(getnameinfo(address, 0)).expect("loopback needs no server");
/// assert!(!host.is_empty());
/// ```
pub async fn getnameinfo(address: SocketAddr, flags: c_int) -> io::Result<(String, String)> {
    let look_up = move |_| dns_lookup::getnameinfo(&address, flags).map_err(io::Error::from);
    let found = try_on_default(Location::caller(), look_up).map_err(io::Error::other)?;
    let say = |error: io::Error| {
        io::Error::new(
            error.kind(),
            format!("cannot find the name of {address}: {error}"),
        )
    };
    found.await.map_err(say)
}
