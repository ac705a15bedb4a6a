// For hosts: the files of a need one by one, though those of a folder come together.

/** The path of each file, in their order. */
export function paths(files) {
  const paths = []
  for (const item of files) {
    if (typeof item === 'string' || Array.isArray(item)) paths.push(item)
    // The core puts only texts together.
    else for (const name of item.names.split('/')) paths.push(`${item.folder}/${name}`)
  }
  return paths
}
