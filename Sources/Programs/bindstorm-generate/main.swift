internal import Definitions
internal import Foundation
internal import Manual

/// Ends with a message.
func end(_ message: String, _ code: Int32) -> Never {
  FileHandle.standardError.write(Data("\(message)\n".utf8))
  exit(code)
}

/// Writes a file unless it has this text already.
func write(_ text: String, to place: URL, named name: String) throws {
  guard (try? String(contentsOf: place, encoding: .utf8)) != text else { return }
  try FileManager.default.createDirectory(
    at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
  try text.write(to: place, atomically: true, encoding: .utf8)
  try FileHandle.standardOutput.write(contentsOf: Data("wrote \(name)\n".utf8))
}

/// Today as manual pages have it; SOURCE_DATE_EPOCH takes the place of the clock (reproducible-builds.org).
func date() -> String {
  let epoch = ProcessInfo.processInfo.environment["SOURCE_DATE_EPOCH"].flatMap(Double.init)
  let formatter = DateFormatter()
  formatter.locale = Locale(identifier: "en_US_POSIX")
  formatter.timeZone = TimeZone(identifier: "UTC")
  formatter.dateFormat = "MMMM d, yyyy"
  return formatter.string(from: epoch.map { Date(timeIntervalSince1970: $0) } ?? Date())
}

let arguments = Array(CommandLine.arguments.dropFirst())
do {
  switch arguments.first {
  case "--manual" where arguments.count == 2:
    // The manual pages, into a folder, from `bindstorm --experimental-dump-help` on standard input.
    let dump = try HelpDump(parsing: Array(FileHandle.standardInput.readToEnd() ?? Data()))
    for page in ManualPage.all(of: dump, date: date()) {
      try write(
        page.text, to: URL(filePath: arguments[1]).appending(path: page.file), named: page.file)
    }
  case .some(let root) where arguments.count == 1 && !root.hasPrefix("-"):
    // Every generated file below the repository's folder.
    let files = try GeneratedFile.all {
      try String(contentsOf: URL(filePath: root).appending(path: $0), encoding: .utf8)
    }
    for file in files {
      try write(file.text, to: URL(filePath: root).appending(path: file.path), named: file.path)
    }
  default: end("usage: bindstorm-generate REPOSITORY, or --manual FOLDER < HELP-DUMP", 64)
  }
} catch {
  end("bindstorm-generate: \(error)", 74)
}
