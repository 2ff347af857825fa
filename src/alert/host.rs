//! The name of this host, where a protocol asks for it. It is in no identity.

use super::syslog::is_head;

/// The name as the kernel has it; none if no protocol would take it.
pub(super) fn name() -> Option<String> {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    let name = name.trim();
    is_head(name, 255).then(|| name.to_owned())
}
