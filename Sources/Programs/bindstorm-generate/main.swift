internal import Definitions
internal import Foundation

// Rewrites every generated file, below the folder that is the only argument.
let arguments = CommandLine.arguments
guard arguments.count == 2 else {
  FileHandle.standardError.write(Data("usage: bindstorm-generate REPOSITORY\n".utf8))
  exit(64)
}
let root = URL(filePath: arguments[1])
do {
  let files = try GeneratedFile.all {
    try String(contentsOf: root.appending(path: $0), encoding: .utf8)
  }
  for file in files {
    let place = root.appending(path: file.path)
    guard (try? String(contentsOf: place, encoding: .utf8)) != file.text else { continue }
    try FileManager.default.createDirectory(
      at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
    try file.text.write(to: place, atomically: true, encoding: .utf8)
    try FileHandle.standardOutput.write(contentsOf: Data("wrote \(file.path)\n".utf8))
  }
} catch {
  FileHandle.standardError.write(Data("bindstorm-generate: \(error)\n".utf8))
  exit(74)
}
