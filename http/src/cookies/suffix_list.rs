//! The public suffix list, compiled in: under which domains anybody can have a name.

/// Whether a domain in lower case is on the list. One that only the rule for unknown domains
/// covers is not.
pub(super) fn is_listed(domain: &str) -> bool {
    psl::suffix(domain.as_bytes()).is_some_and(|suffix| suffix.is_known() && suffix == domain)
}
