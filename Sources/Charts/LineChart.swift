/// Curves over each other, as SVG for pages and as text for terminals.
public struct LineChart: Sendable {
  /// One curve.
  public struct Series: Sendable {
    /// What the legend calls it.
    public var name: String
    /// Its points, in the order of x. Where y is no finite number, or cannot be drawn on a logarithmic axis, the curve is broken.
    public var points: [(x: Double, y: Double)]
    /// Whether it is dashed.
    public var isDashed: Bool
    /// The place of a point that is marked, as the best epoch is.
    public var mark: Int?
    /// Whether its points are dots that nothing joins, as of a scatter plot.
    public var isScattered: Bool
    /// Which of the palette's colours it has, from 0, so that a thing has the same in several charts; `nil` for that of its place.
    public var colour: Int?

    public init(
      _ name: String, _ points: [(x: Double, y: Double)], isDashed: Bool = false, mark: Int? = nil, isScattered: Bool = false,
      colour: Int? = nil
    ) {
      self.colour = colour
      self.name = name
      self.points = points
      self.isDashed = isDashed
      self.mark = mark
      self.isScattered = isScattered
    }
  }

  public var title: String
  public var x: Axis
  public var y: Axis
  public var series: [Series]

  public init(_ title: String, x: Axis, y: Axis, _ series: [Series]) {
    self.title = title
    self.x = x
    self.y = y
    self.series = series
  }

  func scales(marks: (x: Int, y: Int)) -> (x: Scale, y: Scale) {
    (
      Scale(x, series.lazy.flatMap { $0.points.lazy.map(\.x) }, marks: marks.x),
      Scale(y, series.lazy.flatMap { $0.points.lazy.map(\.y) }, marks: marks.y)
    )
  }

  /// A curve's points in shares of the chart, in pieces that hang together.
  func pieces(_ series: Series, _ scales: (x: Scale, y: Scale)) -> [[(x: Double, y: Double)]] {
    var pieces: [[(x: Double, y: Double)]] = [[]]
    if series.isScattered {
      return series.points.compactMap { point in
        scales.x.place(point.x).flatMap { x in scales.y.place(point.y).map { [(x, $0)] } }
      }
    }
    for point in series.points {
      if let x = scales.x.place(point.x), let y = scales.y.place(point.y) {
        pieces[pieces.count - 1].append((x, y))
      } else if pieces.last?.isEmpty == false {
        pieces.append([])
      }
    }
    return pieces.filter { !$0.isEmpty }
  }
}
