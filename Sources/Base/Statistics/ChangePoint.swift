internal import Glibc

/// Where the failure rate of a series of counts changed, and with which probability it did.
///
/// The model of a series is one rate throughout, or one rate up to some place and another one from there on. Each rate
/// has Jeffreys' prior, Beta(1/2, 1/2); both models are equally probable beforehand, and so is every place. The posterior
/// is exact: a beta-binomial series has a closed marginal likelihood (A. F. M. Smith, A Bayesian approach to inference
/// about a change-point in a sequence of random variables, Biometrika 62, 1975).
///
/// By Ville's inequality a Bayes factor of 19, which is a posterior of 0.95, appears without any change in at most one
/// series of 19, averaged over the prior.
public struct ChangePoint: Sendable, Equatable {
  /// One point of a series.
  public struct Count: Sendable, Equatable {
    public var failed: Int
    public var counted: Int

    /// - Precondition: 0 <= failed <= counted.
    public init(failed: Int, counted: Int) {
      precondition(0 <= failed && failed <= counted, "a count of more failures than observations")
      self.failed = failed
      self.counted = counted
    }
  }

  /// The first point with the new rate.
  public let place: Int
  /// Places that contain the change with a probability of 0.95, given that there is one.
  public let places: ClosedRange<Int>
  /// That the rate changed within the series, in 0...1.
  public let probability: Double

  /// The change of a series, however improbable; nil for fewer than two points with observations.
  public init?(_ series: [Count]) {
    let seen = series.indices.filter { series[$0].counted > 0 }
    guard let first = seen.first, let last = seen.last, first < last else { return nil }
    let all = Self.sum(series[...])
    let whole = Self.logLikelihood(all)
    var before = Count(failed: 0, counted: 0)
    // A change in front of a point without observations is the same as one behind it.
    let candidates: [(place: Int, log: Double)] = seen.dropFirst().map { place in
      before = Self.sum(series[..<place])
      let after = Count(failed: all.failed - before.failed, counted: all.counted - before.counted)
      return (place, Self.logLikelihood(before) + Self.logLikelihood(after) - whole)
    }
    let most = candidates.map(\.log).max() ?? 0
    let weights = candidates.map { exp($0.log - most) }
    let total = weights.reduce(0, +)
    // ln of the Bayes factor of a change; exp of it may be infinite.
    let factor = log(total / Double(candidates.count)) + most
    probability = 1 / (1 + exp(-factor))
    let order = weights.indices.sorted { (weights[$0], $1) > (weights[$1], $0) }
    place = candidates[order[0]].place
    var (covered, inside) = (0.0, [Int]())
    for index in order where covered < 0.95 * total {
      covered += weights[index]
      inside.append(candidates[index].place)
    }
    places = (inside.min() ?? place)...(inside.max() ?? place)
  }

  /// All changes of a series with at least that probability, in order: the most probable one, and then the same on both
  /// sides of it (binary segmentation).
  public static func all(
    _ series: [Count], atLeast probability: Double, from start: Int = 0
  ) -> [ChangePoint] {
    guard let found = ChangePoint(series), found.probability >= probability else { return [] }
    let before = all(Array(series[..<found.place]), atLeast: probability, from: start)
    let after = all(
      Array(series[found.place...]), atLeast: probability, from: start + found.place)
    return before + [found.moved(by: start)] + after
  }

  private init(place: Int, places: ClosedRange<Int>, probability: Double) {
    self.place = place
    self.places = places
    self.probability = probability
  }

  private func moved(by start: Int) -> ChangePoint {
    ChangePoint(
      place: place + start, places: (places.lowerBound + start)...(places.upperBound + start),
      probability: probability)
  }

  private static func sum(_ counts: ArraySlice<Count>) -> Count {
    counts.reduce(Count(failed: 0, counted: 0)) {
      Count(failed: $0.failed + $1.failed, counted: $0.counted + $1.counted)
    }
  }

  /// ln of the marginal likelihood, without the binomial coefficients, which are the same in all models.
  private static func logLikelihood(_ count: Count) -> Double {
    IncompleteBeta.logBeta(
      Double(count.failed) + 0.5, Double(count.counted - count.failed) + 0.5)
      - IncompleteBeta.logBeta(0.5, 0.5)
  }
}
