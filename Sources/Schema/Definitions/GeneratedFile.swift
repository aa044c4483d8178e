/// A file that is generated from the definitions.
public struct GeneratedFile: Sendable {
  /// Path below the repository's root.
  public let path: String
  /// Its whole text.
  public let text: String

  /// Every generated file, in the order in which they depend on each other.
  /// - Parameter read: the present text of a file that is partly written by hand.
  public static func all<Failure: Error>(
    reading read: (String) throws(Failure) -> String
  ) throws(Failure) -> [GeneratedFile] {
    let slots = SlotEmitter.header
    let region = try read(handwrittenRegion)
    return [
      GeneratedFile(
        path: "Sources/Record/CSharedRegion/include/record_slots.h", text: slots),
      GeneratedFile(
        path: "Sources/Record/History/Generated/ClosedSets.swift", text: ClosedSetEmitter.swift),
      GeneratedFile(
        path: "Sources/Record/History/Generated/Records.swift", text: RecordEmitter.swift),
      GeneratedFile(
        path: "Sources/Record/History/Generated/EventCoding.swift", text: CodingEmitter.swift),
      GeneratedFile(
        path: "Sources/Run/Engine/Generated/RecordsFromSlots.swift",
        text: SlotRecordEmitter.swift),
      GeneratedFile(
        path: "Sources/Run/RunContract/Generated/RegionDigest.swift",
        text: DigestEmitter.swift(of: [slots, region])),
      GeneratedFile(
        path: "Sources/Plan/PlanModel/Generated/PlanTypes.swift", text: PlanTypeEmitter.swift),
      GeneratedFile(
        path: "Sources/Plan/PlanReading/Generated/PlanKeys.swift", text: PlanReadingEmitter.swift),
      GeneratedFile(
        path: "Sources/Run/RunContract/Generated/PlanOrders.swift", text: PlanOrderEmitter.swift),
      GeneratedFile(path: PlanSchema.path, text: PlanSchema.text),
      GeneratedFile(path: "Documentation/plan-keys.md", text: PlanKeyDocument.markdown),
      GeneratedFile(path: EventSchema.path, text: EventSchema.text),
      GeneratedFile(path: "Documentation/events.md", text: EventDocument.markdown),
    ]
  }

  /// The part of the shared region that is written by hand; its text goes into the digest.
  public static let handwrittenRegion = "Sources/Record/CSharedRegion/include/shared_region.h"
}

/// The head of generated Swift files.
let swiftHead = """
  // Made by `make generate` from Sources/Schema/Definitions; change that.
  // swift-format-ignore-file
  // Long because it is generated.

  """

extension String {
  /// `camelCase` as `UPPER_SNAKE`.
  var upperSnake: String {
    reduce(into: "") { text, character in
      if character.isUppercase { text += "_" }
      text += character.uppercased()
    }
  }
}
