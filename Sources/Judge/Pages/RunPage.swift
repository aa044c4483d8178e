internal import History
public import Judging
public import PageKit
internal import PlanModel
internal import Reports
internal import TerminalText

/// All that the page of a run shows.
public struct RunContent: Sendable {
  public var matrix: Matrix
  /// In the order of the plan's arms; without samples where the events of all trials are no longer there.
  public var tallies: [ArmTally]
  public var trials: ShownTrials
  /// The run's folder, for commands.
  public var folder: String
  /// Where and how it ran: names with values, for people.
  public var environment: [(name: String, value: String)]
  /// The command line that runs it again; empty if it is not known.
  public var command: [String]
  /// Of bindstorm.
  public var version: String
  /// Parts of the page that not every run has, such as the history of its plan.
  public var further: [Page.Section] = []
  /// What is told of single cells beside the run's own figures, by `Arm.index`.
  public var notes: [Int: Markup] = [:]

  public init(
    matrix: Matrix, tallies: [ArmTally], trials: ShownTrials, folder: String,
    environment: [(name: String, value: String)], command: [String], version: String
  ) {
    (self.matrix, self.tallies, self.trials) = (matrix, tallies, trials)
    (self.folder, self.environment, self.command) = (folder, environment, command)
    self.version = version
  }
}

/// A run as one self-contained HTML page: matrix, cells with their trials, comparison of the strategies, costs, and the
/// run itself.
public struct RunPage {
  /// As shown: every text of others is safe and cut.
  let matrix: Matrix
  let content: RunContent
  /// The arms, those first that need a reader's attention.
  let order: [Arm]

  /// Cells whose details are on the page. The others have their line, and a command that tells the rest.
  static let mostDetailed = 400
  /// Bytes of trials on the page; those of the cells that need attention come first.
  static let mostTrialBytes = 120 * 1_024
  /// Cells that are open when the page is opened.
  static let mostOpen = 3

  static let templates = PageTemplates([
    (name: "head", text: PackageResources.head_mustache),
    (name: "matrix", text: PackageResources.matrix_mustache),
    (name: "cells", text: PackageResources.cells_mustache),
    (name: "cell", text: PackageResources.cell_mustache),
    (name: "trial", text: PackageResources.trial_mustache),
    (name: "comparison", text: PackageResources.comparison_mustache),
    (name: "costs", text: PackageResources.costs_mustache),
    (name: "run", text: PackageResources.run_mustache),
  ])

  public init(_ content: RunContent) {
    self.content = content
    let matrix = content.matrix.shown(longestName: TerminalText.longestName)
    self.matrix = matrix
    // Stable: within a rank in the plan's order.
    order = matrix.plan.arms.enumerated().sorted {
      (Self.rank($0.element, matrix), $0.offset) < (Self.rank($1.element, matrix), $1.offset)
    }.map(\.element)
  }

  /// 0 for what needs attention most.
  private static func rank(_ arm: Arm, _ matrix: Matrix) -> Int {
    let verdict = matrix.arms[arm.index]
    if verdict.planAnswer == .notAsExpected { return 0 }
    if verdict.planAnswer == .undecided { return 1 }
    if verdict.predictionPerTrial?.agrees == false { return 2 }
    if arm.expectation?.isMustFailControl == true { return 3 }
    if arm.expectation != nil { return 4 }
    return verdict.planAnswer == .skipped ? 6 : 5
  }

  /// The document, ending with a line break.
  public var html: String {
    let comparison = self.comparison
    let sections: [Page.Section?] =
      [
        Page.Section(id: "matrix", title: "Matrix", body: matrixSection),
        Page.Section(id: "cells", title: "Cells", body: cellSection),
        comparison.map { Page.Section(id: "comparison", title: "Comparison", body: $0) },
        costSection.map { Page.Section(id: "costs", title: "Costs", body: $0) },
      ] + content.further.map(Optional.some) + [
        Page.Section(id: "run", title: "Run", body: runSection)
      ]
    return Page(
      title: "\(matrix.plan.name): \(Wording.conclusion(matrix))", kind: "run", head: head,
      sections: sections.compactMap { $0 }, version: content.version
    ).html
  }
}
