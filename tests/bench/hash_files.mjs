// Copied beside the installed package, because that is where Node looks for it.
import { hashFiles } from "@actions/glob";

console.log(await hashFiles("docker/**", process.cwd()));
