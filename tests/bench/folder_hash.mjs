// Copied beside the installed package, because that is where Node looks for it.
import folderHash from "folder-hash";

const found = await folderHash.hashElement("docker", process.cwd(), { algo: "md5", encoding: "hex" });
console.log(found.hash);
