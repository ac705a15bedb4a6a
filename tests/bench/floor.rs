//! `floor FOLDER`: walks a folder and reads all its files on all cores, and hashes nothing. A plain program that hashes them is slower than this.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

fn main() -> std::io::Result<()> {
    let mut folders: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                files.push(entry.path());
            }
        }
    }
    let next = AtomicUsize::new(0);
    let read = || -> std::io::Result<u64> {
        let mut buffer = vec![0; 64 * 1024];
        let mut sum = 0;
        while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let mut file = File::open(path)?;
            loop {
                let count = file.read(&mut buffer)?;
                sum += count as u64;
                // The end of a small file need not be looked for.
                if count < buffer.len() {
                    break;
                }
            }
        }
        Ok(sum)
    };
    let cores = std::thread::available_parallelism()?.get();
    let sums: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(read)).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
    });
    let mut bytes = 0;
    for sum in sums {
        bytes += sum?;
    }
    println!("{bytes} bytes");
    Ok(())
}
