//! `docktag-pkg WASM FOLDER`: writes what `wasm-bindgen --target web` would write, with the names of functions, by which they are sorted after it.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, wasm, folder] = arguments.as_slice() else {
        eprintln!("usage: docktag-pkg WASM FOLDER");
        return ExitCode::from(2);
    };
    let mut bindgen = wasm_bindgen_cli_support::Bindgen::new();
    let made = bindgen
        .input_path(wasm)
        .web(true)
        .and_then(|bindgen| bindgen.out_name("docktag").typescript(true).remove_name_section(false).remove_producers_section(true).omit_default_module_path(false).generate(folder));
    match made {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("docktag-pkg: {wasm}: {error:#}");
            ExitCode::FAILURE
        }
    }
}
