import GlissadeData
import GlissadePictures

/// What is to be made of a table.
public struct TableSection: RecipeSection {
  public static let title = "Tables"

  public let target = RecipeOption<String?>(
    "target", default: nil, needs: .tables,
    help: "The column of a table (--data TABLE.csv) that is to be predicted, or several of numbers, as in a,b; all others are what it is "
      + "predicted from. With --loss bce, focal or a hinge several are labels of 0 and 1, of which a row may have any.")
  public let task = RecipeOption<TableEncoding.Task?>(
    "task", default: nil, defaultText: "regression for a column of numbers that look like no classes", needs: .tables,
    help: "classification or regression.")
  public let missing = RecipeOption<TableEncoding.Missing>(
    "missing", default: .refuse, noun: "treatment of missing values", needs: .tables,
    help: "What to do about values that are not there: refuse, mean (or no category) or drop (the row).")
  public let categorical = RecipeOption<NameList?>(
    "categorical", default: nil, needs: .tables, valueName: "columns",
    help: "Columns of numbers that are categories, separated by commas (\\, is one in a name).")
  public let ignore = RecipeOption<NameList?>(
    "ignore", default: nil, needs: .tables, valueName: "columns", help: "Columns to leave out, separated by commas.")
  public let delimiter = RecipeOption<CheckedText<DelimiterText>?>(
    "delimiter", default: nil, defaultText: "as the first lines show", needs: .tables, valueName: "character",
    help: "What separates columns: a character, or tab.")
  public let hidden = RecipeOption<SizeList?>(
    "hidden", default: nil, defaultText: "512,256; less for small tables", needs: .models(["mlp"]), valueName: "sizes",
    help: "mlp: features of the hidden layers, separated by commas.")

  public init() {}
}

/// What is to be made of a folder of pictures.
public struct PictureSection: RecipeSection {
  public static let title = "Pictures"

  public let classes = RecipeOption<NameList?>(
    "classes", default: nil, defaultText: "every folder in the data", needs: .pictures,
    help: "Only these classes, as in animals,food; a comma in a name is written \\,.")
  public let labels = RecipeOption<String?>(
    "labels", default: nil, needs: .pictures, whenResumed: .place, path: .file,
    help: "A table (CSV) with the class of each picture: a column of file names, with or without suffix, and one of classes.")
  public let fileColumn = RecipeOption<String?>(
    "file_column", default: nil, defaultText: "the one that names pictures that are there", needs: .option("labels"),
    help: "With --labels: the column of file names.")
  public let labelColumn = RecipeOption<String?>(
    "label_column", default: nil, defaultText: "label, class or another usual name, or the only other one", needs: .option("labels"),
    help: "With --labels: the column of classes; with --multi-label that of lists, or several columns of 1 and 0, as in cat,dog.")
  public let multiLabel = RecipeOption<Bool>(
    "multi_label", default: false, needs: .option("labels"),
    help: "With --labels: a picture has any number of labels, listed in one column as in cat;dog, or each with a column of 1 and 0.")
  public let labelSeparator = RecipeOption<CheckedText<DelimiterText>?>(
    "label_separator", default: nil, defaultText: "the first of ; | and , that any list has", needs: .option("multi_label"),
    valueName: "character", help: "With --multi-label: what separates the labels of a list.")
  public let augment = RecipeOption<CheckedText<AugmentationText>>(
    "augment", default: .of("none"), defaultText: "none", needs: .images,
    help: "Random changes of the pictures, as in flip,crop,color-jitter(0.4),mixup, or crop,trivial-augment.")
  public let size = RecipeOption<Int>(
    "size", default: { $0.usualSize }, defaultText: "the model's own; 32 for small ones", range: .from(1, to: 4096), needs: .pictures,
    help: "The side of the pictures that the model sees.")
  public let test = RecipeOption<Double>(
    "test", default: { $0.usualTestShare }, defaultText: "0.1; 0.2 of a table; 0 with pretrained weights or --kfold", range: .share,
    needs: .picturesOrTables,
    help: "Share of the pictures, or of a table's rows, that is measured with at the end, unless the folder has such a part.")
  public let background = RecipeOption<Picture.Colour>(
    "background", default: { _ in .white }, defaultText: "white", needs: .pictures,
    help: "The colour behind what is transparent: white, black, or red, green and blue as in #ffe0c0.")
  public let unreadable = RecipeOption<Double>(
    "unreadable", default: PictureLoading().unreadableShare, range: .share, needs: .pictures,
    help: "Share of the pictures that may be unreadable or missing; they are named and left out.")

  public init() {}
}
