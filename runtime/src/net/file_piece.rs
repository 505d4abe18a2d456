//! Sending a file without reading it, piece by piece.
//!
//! Where the kernel can (`sendfile` of Linux), the bytes go from the page cache to the socket
//! and never come here. Elsewhere, and for files that the kernel refuses, they are read and
//! written. Other systems have a `sendfile`, too, but theirs reports a part that was sent as an
//! error without the count, when the socket does not wait; the part would go twice.
//!
//! Reading from a disk blocks the loop, in either way. A piece is small enough that nobody
//! notices, unless the disk is slow.

use std::fs::File;
use std::io;
use std::ops::{Bound, RangeBounds};
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;

/// How much is sent before others get their turn, and read at once where the kernel does not
/// send: 256 KiB, as in asyncio.
const PIECE: usize = 256 * 1024;

/// How much of what is left is sent at once.
pub(crate) fn piece_of(left: u64) -> usize {
    usize::try_from(left).map_or(PIECE, |left| left.min(PIECE))
}

/// The first byte that is sent, and the first one that is not, if there is one.
pub(crate) fn bounds_of(range: &impl RangeBounds<u64>) -> io::Result<(u64, Option<u64>)> {
    let from = match range.start_bound() {
        Bound::Included(&from) => Some(from),
        Bound::Excluded(&before) => before.checked_add(1),
        Bound::Unbounded => Some(0),
    };
    let end = match range.end_bound() {
        Bound::Included(&last) => last.checked_add(1),
        Bound::Excluded(&end) => Some(end),
        Bound::Unbounded => None,
    };
    match from {
        Some(from) if end.is_none_or(|end| from <= end) => Ok((from, end)),
        _ => Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "the range of the file ends before it begins",
        )),
    }
}

pub(crate) fn truncated(sent: u64, wanted: u64) -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        format!("the file ended after {sent} of {wanted} bytes"),
    )
}

/// Whether the kernel can send files.
pub(crate) const BY_KERNEL: bool = cfg!(any(target_os = "linux", target_os = "android"));

/// Lets the kernel take a piece out of the file.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) fn offer_file(to: &impl AsFd, file: &File, at: u64, count: usize) -> io::Result<usize> {
    let at = usize::try_from(at).map_err(|_| io::ErrorKind::InvalidInput)?;
    let count = std::num::NonZeroUsize::new(count);
    socket2::SockRef::from(to).sendfile(file, at, count)
}

/// The kernel does not.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(crate) fn offer_file(_: &impl AsFd, _: &File, _: u64, _: usize) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Reads a piece of the file; nothing at its end.
pub(crate) fn read_piece(file: &File, at: u64, count: usize) -> io::Result<Vec<u8>> {
    let mut piece = vec![0; count];
    let read = file.read_at(&mut piece, at)?;
    piece.truncate(read);
    Ok(piece)
}
