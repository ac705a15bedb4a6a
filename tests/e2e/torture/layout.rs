//! Folders with images in OCI's layout, each of one small layer.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// Writes a layout with these images by name; each has a file `a.txt` with its text, and a variable `LAYOUT` too.
pub(crate) fn write(folder: &Path, images: &[(&str, String)]) {
    fs::create_dir_all(folder.join("blobs/sha256")).unwrap();
    let manifests: Vec<Value> = images.iter().map(|(name, text)| image(folder, name, text)).collect();
    fs::write(folder.join("index.json"), json!({ "schemaVersion": 2, "manifests": manifests }).to_string()).unwrap();
    fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
}

fn image(folder: &Path, name: &str, text: &str) -> Value {
    let layer = blob(folder, "image.layer.v1.tar", &tar("a.txt", text));
    let config = json!({
        "architecture": "amd64", "os": "linux", "config": { "Env": [format!("LAYOUT={text}")] },
        "rootfs": { "type": "layers", "diff_ids": [layer["digest"]] },
    });
    let config = blob(folder, "image.config.v1+json", config.to_string().as_bytes());
    let kind = "application/vnd.oci.image.manifest.v1+json";
    let manifest = json!({ "schemaVersion": 2, "mediaType": kind, "config": config, "layers": [layer] });
    let mut descriptor = blob(folder, "image.manifest.v1+json", manifest.to_string().as_bytes());
    descriptor["annotations"] = json!({ "org.opencontainers.image.ref.name": name });
    descriptor
}

/// Writes a blob, and returns its descriptor.
fn blob(folder: &Path, kind: &str, bytes: &[u8]) -> Value {
    let digest: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    fs::write(folder.join("blobs/sha256").join(&digest), bytes).unwrap();
    json!({ "mediaType": format!("application/vnd.oci.{kind}"), "digest": format!("sha256:{digest}"), "size": bytes.len() })
}

/// An archive (ustar) of one file.
fn tar(name: &str, text: &str) -> Vec<u8> {
    let mut header = [0_u8; 512];
    let mut put = |at: usize, value: &str| header[at..at + value.len()].copy_from_slice(value.as_bytes());
    put(0, name);
    for (at, number) in [(100, 0o644), (108, 0), (116, 0)] {
        put(at, &format!("{number:07o}"));
    }
    put(124, &format!("{:011o}", text.len()));
    put(136, &format!("{:011o}", 0));
    // The sum counts itself as blanks.
    put(148, "        0");
    put(257, "ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut bytes = header.to_vec();
    bytes.extend(text.as_bytes());
    bytes.resize(bytes.len().div_ceil(512) * 512 + 1024, 0);
    bytes
}
