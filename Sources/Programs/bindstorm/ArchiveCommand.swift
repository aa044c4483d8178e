internal import Archive
internal import ArgumentParser
@preconcurrency internal import Glibc
internal import Judging

/// `bindstorm archive rebuild`
struct ArchiveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "archive", abstract: "Care for the archive of all runs.",
    discussion: """
      The archive, archive.sqlite in the folder of all results, has the counts and durations of every cell of every \
      run. `history` and `gate` read it.

      EXAMPLES:
        bindstorm archive rebuild
        bindstorm archive rebuild --results Results
      """,
    subcommands: [Rebuild.self])

  /// Makes the archive anew from the runs' folders.
  struct Rebuild: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "rebuild", abstract: "Make the archive anew from the folders of all runs.",
      discussion: """
        The new file is made beside the old one and then takes its place. A run that was killed counts with what it \
        recorded. Runs whose folder is gone are no longer in it.

        EXIT CODES: 0; 2 if a run could not be read, which is then left out; 74 the archive cannot be written.
        """)

    @Option(help: "Folder of all results. Default: BINDSTORM_RESULTS, else Results.")
    var results: String?

    func run() throws {
      let place = RunArchive(root: results ?? RunFinder.standardRoot)
      let new = "\(place.path).new-\(getpid())"
      defer { Self.remove(new) }
      var failed: Set<String> = []
      try RunArchive.orExit {
        let archive = try Archive(path: new)
        try Self.add(place.folders(), to: archive, of: place, &failed)
        try archive.close()
      }
      // The companions of the old file belong to it alone.
      for companion in Self.companions { unlink(place.path + companion) }
      guard rename(new, place.path) == 0 else {
        printError(
          "bindstorm: cannot put \(new) in the place of \(place.path): \(String(cString: strerror(errno)))"
        )
        throw ExitStatus.cannotWrite
      }
      // Runs that ended meanwhile have added themselves to the old file.
      let count = try RunArchive.orExit {
        let archive = try Archive(path: place.path)
        let known = try archive.folders().union(failed)
        try Self.add(
          place.folders().filter { !known.contains($0) }, to: archive, of: place, &failed)
        let count = try archive.folders().count
        try archive.close()
        return count
      }
      try StandardStreams.printResult(
        "\(place.path): \(Counted.text(count, "run"))"
          + (failed.isEmpty ? "" : ", \(failed.count) left out") + "\n")
      if !failed.isEmpty { throw ExitCode(2) }
    }

    /// Adds runs, and says which cannot be read.
    private static func add(
      _ folders: [String], to archive: Archive, of place: RunArchive, _ failed: inout Set<String>
    ) throws {
      for folder in folders {
        do { try archive.add(try place.read(folder)) } catch let error as ArchiveError {
          throw error
        } catch {
          failed.insert(folder)
          // What reads a record says itself what is wrong with it.
          if !(error is ExitCode) {
            printError("bindstorm: \(place.root)/\(folder) is left out: \(error)")
          }
        }
      }
    }

    private static let companions = ["-wal", "-shm"]

    private static func remove(_ path: String) {
      for ending in [""] + companions { unlink(path + ending) }
    }
  }
}
