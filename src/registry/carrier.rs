//! An image that carries a text, in the one form that every registry stores.
//!
//! GitLab knows a list of media types and refuses artifacts of any other type, Gitea lists image manifests only, and Quay wants a configuration
//! and layers that are those of an image (docs/registries.md). So a text is stored as what `FROM scratch` and `COPY TEXT /` makes, for no
//! platform, as BuildKit does for attestations: registries take what they take of every image.

use serde_json::{Value, json};

use crate::registry::MANIFEST_TYPES;
use crate::registry::artifact::sha256;

/// The type of a carrier's manifest.
pub const MANIFEST_TYPE: &str = MANIFEST_TYPES[2];
/// The type of its configuration.
pub const CONFIG_TYPE: &str = "application/vnd.oci.image.config.v1+json";
/// The type of its one layer.
pub const LAYER_TYPE: &str = "application/vnd.oci.image.layer.v1.tar";

const BLOCK: usize = 512;
/// Where the size of a file is in its header: octal digits.
const SIZE: core::ops::Range<usize> = 124..135;
const CHECKSUM: core::ops::Range<usize> = 148..156;

/// The three parts of an image as they are stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carrier {
    /// An archive with the text, or with nothing.
    pub layer: Vec<u8>,
    /// The configuration, which depends on the layer only.
    pub config: Vec<u8>,
    /// The manifest.
    pub manifest: Vec<u8>,
}

/// Makes an image that refers to `subject`, with annotations and at most one file.
///
/// ```
/// use docktag::registry::carrier::{carry, text};
/// use serde_json::json;
///
/// let image = carry(&json!({"digest": "sha256:ab"}), &json!({"a": "b"}), Some(("docktag.md5sum", b"abc")));
/// assert_eq!(text(&image.layer), Some(b"abc".to_vec()));
/// ```
pub fn carry(subject: &Value, annotations: &Value, file: Option<(&str, &[u8])>) -> Carrier {
    let layer = archive(file);
    let config = json!({
        "architecture": "unknown",
        "os": "unknown",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [sha256(&layer)]},
    });
    let config = config.to_string().into_bytes();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": {"mediaType": CONFIG_TYPE, "digest": sha256(&config), "size": config.len()},
        "layers": [{"mediaType": LAYER_TYPE, "digest": sha256(&layer), "size": layer.len()}],
        "subject": subject,
        "annotations": annotations,
    });
    Carrier { layer, config, manifest: manifest.to_string().into_bytes() }
}

/// The text in the layer of a carrier; `None` if it has none.
pub fn text(layer: &[u8]) -> Option<Vec<u8>> {
    let size = std::str::from_utf8(layer.get(SIZE)?).ok()?;
    let size = usize::from_str_radix(size, 8).ok()?;
    layer.get(BLOCK..BLOCK.checked_add(size)?).map(<[u8]>::to_vec)
}

/// An archive as `tar` writes it.
///
/// rule: POSIX.1-2017, `pax`, "ustar Interchange Format": a header, the content in blocks, and two empty blocks
fn archive(file: Option<(&str, &[u8])>) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some((name, content)) = file {
        let mut header = [0; BLOCK];
        let mut put = |at: usize, text: &str| header[at..at + text.len()].copy_from_slice(text.as_bytes());
        put(0, name);
        put(100, "0000644");
        put(108, "0000000");
        put(116, "0000000");
        put(SIZE.start, &format!("{:011o}", content.len()));
        put(136, "00000000000");
        put(156, "0");
        put(257, "ustar");
        put(263, "00");
        // The sum is made with spaces in its own place.
        put(CHECKSUM.start, "        ");
        let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
        header[CHECKSUM].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        bytes.extend_from_slice(&header);
        bytes.extend_from_slice(content);
        bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    }
    bytes.resize(bytes.len() + 2 * BLOCK, 0);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_without_a_file_is_that_of_tar() {
        // head -c 1024 /dev/zero | sha256sum
        assert_eq!(sha256(&archive(None)), "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef");
        assert_eq!(text(&archive(None)), None);
    }

    #[test]
    fn a_text_is_found_again() {
        for content in [&b""[..], b"a", &[b'x'; BLOCK], b"\xff\n"] {
            let layer = archive(Some(("docktag.md5sum", content)));
            assert_eq!((layer.len() % BLOCK, text(&layer)), (0, Some(content.to_vec())));
        }
    }

    #[test]
    fn what_is_no_archive_has_no_text() {
        let mut large = archive(Some(("a", b"b")));
        large[SIZE].copy_from_slice(b"77777777777");
        let mut odd = archive(Some(("a", b"b")));
        odd[SIZE].copy_from_slice(b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff");
        for layer in [&b""[..], b"{}", &large, &odd] {
            assert_eq!(text(layer), None);
        }
    }
}
