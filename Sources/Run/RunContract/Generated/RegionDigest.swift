// Made by `make generate` from Sources/Schema/Definitions; change that.
// swift-format-ignore-file
// Long because it is generated.
/// The text of the shared region's headers, as a number: another name, type or place of a member gives another one.
enum RegionDigest {
  static let value: UInt64 = 0xa06c87f820396876
}
