//! Registries of other makes, started for one trial; `engine.sh` has distribution 2.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::runner::tool;

/// A registry that runs until it is dropped.
pub(crate) struct Server {
    pub(crate) address: String,
    /// Who may push there, with the password; `None`: everybody.
    pub(crate) login: Option<(&'static str, &'static str)>,
    /// Whether tags go with a manifest that is deleted.
    pub(crate) deletes: bool,
    child: Child,
    _folder: tempfile::TempDir,
}

/// The account of Gitea; names of images begin with it.
pub(crate) const LOGIN: (&str, &str) = ("ci", "s3cret-pass");

impl Server {
    pub(crate) fn distribution3() -> Self {
        let (folder, address) = (tempfile::tempdir().unwrap(), free_address());
        let data = folder.path().join("data");
        let storage = format!("{{filesystem: {{rootdirectory: {data:?}}}, delete: {{enabled: true}}}}");
        let config = format!("version: 0.1\nlog: {{level: error}}\nstorage: {storage}\nhttp: {{addr: {address:?}, secret: x}}\n");
        fs::write(folder.path().join("config.yml"), config).unwrap();
        let mut command = Command::new(tool("registry"));
        command.arg("serve").arg(folder.path().join("config.yml")).env("OTEL_TRACES_EXPORTER", "none");
        Server::start(command, address, folder, None)
    }

    /// That of go-containerregistry, which keeps everything in memory, lists what refers to an image, and keeps the tags of what is deleted.
    pub(crate) fn in_memory() -> Self {
        let (folder, address) = (tempfile::tempdir().unwrap(), free_address());
        let mut command = Command::new(tool("memoryregistry"));
        command.args(["-port", address.rsplit(':').next().unwrap()]);
        let mut server = Server::start(command, address, folder, None);
        server.deletes = false;
        server
    }

    pub(crate) fn gitea() -> Self {
        let (folder, address) = (tempfile::tempdir().unwrap(), free_address());
        let program = tool("gitea");
        let (root, port) = (folder.path().display(), address.rsplit(':').next().unwrap());
        let statics = program.parent().unwrap().display();
        let user = String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap();
        let config = format!(
            "RUN_USER = {}\nRUN_MODE = prod\nI_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true\nWORK_PATH = {root}/work\n\
             [server]\nHTTP_ADDR = 127.0.0.1\nHTTP_PORT = {port}\nROOT_URL = http://{address}/\nSTATIC_ROOT_PATH = {statics}\n\
             OFFLINE_MODE = true\nDISABLE_SSH = true\n[database]\nDB_TYPE = sqlite3\nPATH = {root}/gitea.db\n\
             [security]\nINSTALL_LOCK = true\n[log]\nLEVEL = warn\n",
            user.trim()
        );
        let file = folder.path().join("app.ini");
        fs::write(&file, config).unwrap();
        let (name, password) = LOGIN;
        let create = format!(
            "admin user create --admin --username {name} --password {password} --email ci@example.org --must-change-password=false"
        );
        for arguments in ["migrate", &create] {
            let output = Command::new(&program).arg("--config").arg(&file).args(arguments.split(' ')).output().unwrap();
            assert!(output.status.success(), "{arguments}: {}", String::from_utf8_lossy(&output.stdout));
        }
        let mut command = Command::new(&program);
        command.arg("--config").arg(&file).arg("web");
        Server::start(command, address, folder, Some(LOGIN))
    }

    fn start(mut command: Command, address: String, folder: tempfile::TempDir, login: Option<(&'static str, &'static str)>) -> Self {
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let mut child = command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        while TcpStream::connect(&address).is_err() {
            assert!(child.try_wait().unwrap().is_none(), "{}", fs::read_to_string(folder.path().join("log")).unwrap());
            thread::sleep(Duration::from_millis(50));
        }
        Server { address, login, deletes: true, child, _folder: folder }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Whether Gitea was built here before: that takes ten minutes.
pub(crate) fn has_gitea() -> bool {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let home = || variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache"))).map(|cache| cache.join("docktag-tests"));
    let cache = variable("DOCKTAG_TEST_CACHE").or_else(home).unwrap_or_default();
    let folders = fs::read_dir(cache).into_iter().flatten().flatten();
    let is_complete =
        |path: &Path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("gitea-")) && path.join("complete").exists();
    folders.into_iter().any(|folder| is_complete(&folder.path()))
}

/// A port that was free a moment ago.
fn free_address() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}
