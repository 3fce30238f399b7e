//! Pictures in user interfaces.

use alloc::string::String;
use alloc::vec::Vec;

use super::wire::{wire, wire_enum};

wire! {
    /// A picture to show in a user interface (`2025-11-25/schema#icon`); since 2025-11-25.
    ///
    /// Whoever shows it looks at [`source`](Self::source), and fetches nothing else.
    pub struct Icon {
        required {
            /// An `https:` or `data:` URI, if the server keeps to the rules.
            src: String,
        }
        always {
            /// The media type, if the source does not say it.
            mime_type / with_mime_type: String,
            /// Sizes such as `48x48`, or `any` for scalable pictures.
            sizes / with_sizes: Vec<String>,
            /// The background the picture is made for; without it, either.
            theme / with_theme: IconTheme,
        }
    }
}

wire_enum! {
    /// The background an icon is made for.
    pub enum IconTheme {
        /// A dark background.
        Dark = "dark",
        /// A light background.
        Light = "light",
    }
}

/// Where the bytes of an [`Icon`] come from, if they may be shown at all.
///
/// What comes of it is a stranger's file: show PNG and JPEG, SVG and WebP if you can do so without
/// running what is in them, decide by the first bytes rather than by the media type, and bound the
/// size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IconSource<'a> {
    /// An `https:` URL: fetch it without cookies and credentials, follow no redirect to another
    /// origin or scheme, and prefer pictures of the server's own origin.
    Https(&'a str),
    /// What follows `data:`, such as `image/png;base64,iVBORw0…`.
    Data(&'a str),
}

impl Icon {
    /// Where the picture comes from; none if it must not be loaded: `javascript:`, `file:`,
    /// `http:` and every other scheme, and what is no URI
    /// (`2025-11-25/basic/index#icons`).
    ///
    /// ```
    /// use mcp_core::model::{Icon, IconSource};
    ///
    /// let icon = Icon::new("https://example.com/icon.png");
    /// assert_eq!(icon.source(), Some(IconSource::Https("https://example.com/icon.png")));
    /// assert_eq!(Icon::new("file:///etc/passwd").source(), None);
    /// ```
    #[must_use]
    pub fn source(&self) -> Option<IconSource<'_>> {
        // Parsers of URLs drop these before they look for the scheme; here they are no URI.
        if self.src.contains(|it: char| it.is_ascii_control() || it == ' ') {
            return None;
        }
        let (scheme, rest) = self.src.split_once(':')?;
        if scheme.eq_ignore_ascii_case("data") {
            return Some(IconSource::Data(rest));
        }
        let host = rest.strip_prefix("//")?;
        let named = !host.is_empty() && !host.starts_with(['/', '?', '#']);
        (scheme.eq_ignore_ascii_case("https") && named).then_some(IconSource::Https(&self.src))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ICON-04: `https:` and `data:` and nothing else.
    #[test]
    fn only_safe_sources_are_shown() {
        for src in ["https://h/i.png", "HTTPS://h", "data:image/png;base64,AA=="] {
            assert!(Icon::new(src).source().is_some(), "{src}");
        }
        for src in [
            "javascript:alert(1)",
            "file:///etc/passwd",
            "ftp://h/i.png",
            "ws://h/i.png",
            "http://h/i.png",
            "java\nscript:alert(1)",
            " https://h/i.png",
            "https:/h/i.png",
            "https://",
            "https:///i.png",
            "/i.png",
            "i.png",
            "",
        ] {
            assert_eq!(Icon::new(src).source(), None, "{src}");
        }
    }
}
