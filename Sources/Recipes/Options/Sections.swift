import GlissadeData
import GlissadeDevices
import GlissadeLayers
import GlissadeModels
import GlissadeOptimizers
import GlissadeTraining
import GlissadeWeights

/// What every training has.
public struct TrainingSection: RecipeSection {
  public static let title = "Training"

  public let data = RecipeOption<String>(
    "data", default: "fashion-mnist", whenResumed: .place, path: .fileOrFolder, placeNames: { DataSource.knownNames }, essential: 1,
    help: "fashion-mnist, a folder with IDX files, CIFAR's binary files or a folder of pictures for each class, or a .csv table.")
  public let model = RecipeOption<String>(
    "model",
    default: { recipe in
      if recipe.layers != nil { return LayerList.modelName }
      return recipe.dataSource.isTable ? "mlp" : recipe.pretrained == nil ? "lenet" : "efficientnet-lite0"
    },
    defaultText: "lenet; mlp for tables; efficientnet-lite0 with pretrained weights; layers where those are given",
    words: Recipe.modelNames,
    essential: 2, help: "One of \(ModelZoo.names.joined(separator: ", ")), or layers, which are given one by one.")
  public let layers = RecipeOption<LayerList?>(
    "layers", default: nil, needs: .models([LayerList.modelName]), valueName: "layer,layer,…",
    help: "A network of your own, layer by layer, as in 'conv(32, padding: 1), relu, max_pool, flatten, dense(128), relu, dropout(0.5)'; "
      + "'glissade layers' lists what there is. A dense layer with an output for each class, or number, is put behind them.")
  public let epochs = RecipeOption<Int>(
    "epochs", default: { $0.pretrained == nil ? 5 : 10 }, defaultText: "5; 10 with pretrained weights", range: .from(1, to: 1_000_000),
    whenResumed: .free, essential: 4, help: "How often the training data is gone through.")
  public let optimizer = RecipeOption<String>(
    "optimizer", default: "adam", words: Optimizers.names, essential: 7, help: "One of \(Optimizers.names.joined(separator: ", ")).")
  public let batchSize = RecipeOption<BatchSize>(
    "batch_size", default: { $0.optimizer == LBFGS.name ? .all : .samples($0.pretrained == nil ? 128 : 32) },
    defaultText: "128; 32 with pretrained weights; less for small data; all with \(LBFGS.name)", range: .atLeast(1),
    essential: 5, help: "Samples in a step: so many, 1 (stochastic descent), or all (full-batch descent).")
  public let microBatch = RecipeOption<Int?>(
    "micro_batch", default: { $0.optimizer == LBFGS.name ? 1000 : nil }, defaultText: "the whole batch; 1000 with \(LBFGS.name)",
    range: .atLeast(1),
    help: "Samples that are computed together: a larger batch takes the memory of so many, and their gradients are added up (gradient "
      + "accumulation). The numbers stay the same but for rounding, dropout's choices, and batch norms, which see micro-batches.")
  public let seed = RecipeOption<UInt64>(
    "seed", default: 1, help: "Seed of weights, shuffles, the division of the data, dropout and augmentation.")
  public let validation = RecipeOption<Double>(
    "validation", default: { $0.kfold.map { 1 / Double($0) } ?? ($0.pretrained == nil ? 0.1 : 0.2) },
    defaultText: "0.1; 0.2 with pretrained weights", range: .share,
    help: "Share of the training samples that is held out and checked after each epoch, unless the data has such a part.")
  public let limit = RecipeOption<Int?>(
    "limit", default: nil, range: .atLeast(1),
    help: "Only N training samples, the first ones (of pictures some of each class), and a sixth as many to test with.")
  public let dropout = RecipeOption<Float>(
    "dropout", default: { $0.model != "lenet" || $0.staysSame ? 0 : ModelZoo.usualDesign("lenet").dropout },
    defaultText: "lenet 0.25, mlp 0; 0 with \(LBFGS.name)", range: .share, needs: .models(ModelZoo.withActivations),
    help: "Dropout rate: lenet: before the last layer; mlp: behind each hidden layer.")
  public let activation = RecipeOption<Activation>(
    "activation", default: .relu, needs: .models(ModelZoo.withActivations),
    help:
      "mlp, lenet: the activation, as PyTorch calls it, with a number where it has one, as in leaky_relu(0.2): leaky_relu(slope), elu(alpha), "
      + "celu(alpha), softplus(beta), hardtanh(lower,upper); prelu(slope) learns one slope, prelu_per_channel(slope) one for each channel.")
  public let initialization = RecipeOption<Initialization>(
    "initialization", default: { $0.activation == .relu ? .pytorch : $0.activation.initialization },
    defaultText: "pytorch for relu; what suits the activation for others", needs: .models(ModelZoo.withActivations + [LayerList.modelName]),
    help: "mlp, lenet, layers: how weights start: as PyTorch's, or by He's, Glorot's or LeCun's rule, normal or uniform.")
  public let schedule = RecipeOption<Schedule>(
    "schedule", default: .constant,
    help: "Learning rate over the run, as in 'warmup(500 steps) then cosine(to: 1e-5)'; 'glissade schedule' lists and draws what there is.")
  public let loss = RecipeOption<LossChoice?>(
    "loss", default: nil, defaultText: "cross_entropy; mse for numbers",
    help: "What errors cost, as in mae, or focal(2,0.25) with numbers: cross_entropy, nll, kl_div, bce, hinge(margin), "
      + "squared_hinge(margin), binary_hinge(margin), focal(gamma,alpha) for classes; bce(positive_weight), focal and hinges for labels of which a "
      + "sample has any; "
      + "mse, mae, huber(delta), smooth_l1(beta) for numbers, and of probabilities for classes.")
  public let reduction = RecipeOption<Loss.Reduction>(
    "reduction", default: .mean,
    help:
      "What is minimised of a batch: the mean of its samples' losses, or their sum, which makes steps larger the larger the batch is. What is "
      + "told of losses is a mean all the same.")
  public let clipNorm = RecipeOption<Float?>(
    "clip_norm", default: nil, range: .aboveZero, help: "Clip the global norm of the gradients to this.")
  public let clipValue = RecipeOption<Float?>(
    "clip_value", default: nil, range: .aboveZero, help: "Cut off each number of the gradients at this magnitude.")
  public let clipRatio = RecipeOption<Float?>(
    "clip_ratio", default: nil, range: .aboveZero,
    help: "Clip the gradient of each unit's weights to this share of their norm, as in 0.02 (adaptive clipping).")
  public let labelSmoothing = RecipeOption<Float>(
    "label_smoothing", default: 0, range: .share, help: "Share of each label that is spread over all classes.")
  public let exact = RecipeOption<Bool>(
    "exact", default: false,
    help: "No convolution mixes pixels beyond its filter's reach: outliers stay where they are. Takes longer on CPUs.")

  public init() {}
}

/// What stands between the layers of simple networks, to be compared.
public struct BlockSection: RecipeSection {
  public static let title = "Layers of mlp and lenet"

  public let norm = RecipeOption<BlockDesign.Norm>(
    "norm", default: .none, defaultText: "none", needs: .models(ModelZoo.withActivations),
    help: "What is between each layer but the last and its activation: none, batch, layer, group (8 groups), instance (lenet) or rms norm.")
  public let dropconnect = RecipeOption<Float>(
    "dropconnect", default: 0, range: .share, needs: .models(ModelZoo.withActivations),
    help: "The rate at which weights of the dense layers but the last are dropped, rather than their results (DropConnect).")
  public let spatialDropout = RecipeOption<Float>(
    "spatial_dropout", default: 0, range: .share, needs: .models(["lenet"]),
    help: "lenet: the rate at which whole channels are dropped behind each pooling.")
  public let pool = RecipeOption<BlockDesign.Pool>(
    "pool", default: .max, needs: .models(["lenet"]),
    help:
      "lenet: how pictures get smaller: by max or average of 2×2, or by fractional max pooling, which draws its regions anew in each step and "
      + "leaves 1/√2 of each side.")
  public let squeezeExcitation = RecipeOption<Int?>(
    "squeeze_excitation", default: nil, range: .from(1, to: 32), needs: .models(["lenet"]), valueName: "share",
    help:
      "lenet: channels are weighed by what two small layers make of their means (squeeze and excitation), of which the first leaves this share "
      + "of the channels, as 8 for an eighth.")

  public init() {}
}

/// Where something runs.
public struct DeviceSection: RecipeSection {
  public static let title = "Device"

  public let device = RecipeOption<DeviceRequest>(
    "device", default: .auto, noun: "device", whenResumed: .free, essential: 8,
    help: "auto (the best GPU that passes its self-test, otherwise the CPU), cpu, opencl, or a device of 'glissade devices'.")
  public let threads = RecipeOption<Int?>(
    "threads", default: nil, defaultText: "GLISSADE_THREADS, or all cores", range: .from(1, to: 1024), whenResumed: .free,
    help: "Threads of the CPU device.")

  public init() {}
}

/// What a training begins with, where that is not drawn.
public struct PretrainedSection: RecipeSection {
  public static let title = "Pretrained weights"

  public let pretrained = RecipeOption<String?>(
    "pretrained", default: nil, whenResumed: .place, path: .fileOrFolder, placeNames: { PublishedWeights.names }, essential: 3,
    help: "The weights to begin from: imagenet (published ones: 'glissade weights'), a PyTorch checkpoint, a safetensors file, or a run.")
  public let key = RecipeOption<String?>(
    "key", default: nil, needs: .option("pretrained"),
    help: "Of the weights, the dictionary to take where several have tensors in them, such as state_dict; a.b for b in a.")
  public let prefix = RecipeOption<String?>(
    "prefix", default: nil, needs: .option("pretrained"),
    help: "Of the weights, take only what has this in front of its name, as in backbone., and remove it.")
  public let head = RecipeOption<CheckedText<HeadText>>(
    "head", default: .of("dense"), needs: .option("pretrained"),
    help: "The new head: dense, or features of hidden layers and a rate of dropout, as in 256,dropout(0.2).")
  public let freeze = RecipeOption<ParameterSelection?>(
    "freeze", default: nil, defaultText: "nothing", needs: .option("pretrained"),
    help: "What is not trained at first: backbone, head, or paths as in blocks.0-5,**.bias.")
  public let unfreezeAt = RecipeOption<Unfreezing?>(
    "unfreeze_at", default: nil, needs: .option("pretrained"),
    help: "The epoch from which everything is trained, as in 4; or what is trained from when, as in 4:blocks.10-15,8:backbone.")
  public let backboneLR = RecipeOption<BackboneRate>(
    "backbone_lr", default: { $0.layerDecay == nil && $0.optimizer != LBFGS.name ? .factor(0.1) : .factor(1) },
    defaultText: "0.1x; 1x with layer_decay, and with \(LBFGS.name)",
    needs: .option("pretrained"),
    help: "Learning rate of the backbone: a number, or a multiple of the head's, as in 0.1x.")
  public let stayClose = RecipeOption<Float>(
    "stay_close", default: 0, range: .atLeast(0), needs: .option("pretrained"),
    help: "How strongly the backbone is drawn to its pretrained weights (L2-SP).")

  public init() {}
}

/// Training several models, each with another part of the data held out.
public struct FoldSection: RecipeSection {
  public static let title = "Small data"

  public let kfold = RecipeOption<Int?>(
    "kfold", default: nil, range: .from(2, to: 10_000), valueName: "k",
    help: """
      Train K models, each of which holds out another K-th of the data and is checked with that, into the folders fold-1, fold-2, … of the \
      run folder: what small data is measured with. Nothing is for the test then, unless --test is given.
      """)
  public let fold = RecipeOption<Int?>(
    "fold", default: nil, range: .atLeast(1), needs: .option("kfold"), valueName: "number",
    help: "With --kfold: only the model of this fold, from 1.")

  public init() {}
}

/// Training several models that answer together.
public struct EnsembleSection: RecipeSection {
  public static let title = "Ensembles"

  public let ensemble = RecipeOption<Int?>(
    "ensemble", default: nil, range: .from(2, to: 1000), whenResumed: .free, valueName: "n",
    help: """
      Train N models that differ in their seeds alone (of weights, shuffles, dropout and augmentation), into the folders member-1, member-2, … \
      of the run folder. 'evaluate' and 'predict' with that folder average their probabilities.
      """)
  public let member = RecipeOption<Int?>(
    "member", default: nil, range: .atLeast(1), needs: .option("ensemble"), valueName: "number",
    help: "With --ensemble: only this model, from 1.")
  public let snapshots = RecipeOption<Bool>(
    "snapshots", default: false,
    help: """
      Keep the model at the end of each cycle of the schedule (cosine-restarts, cyclic), before it begins again; 'evaluate' and 'predict' \
      average their probabilities.
      """)

  public init() {}
}

/// When a training ends before all of its epochs are done.
public struct StoppingSection: RecipeSection {
  public static let title = "Stopping early"

  public let earlyStop = RecipeOption<EarlyStopping?>(
    "early_stop", default: nil, whenResumed: .free, valueName: "patience=5,metric=validation_loss,min_delta=0",
    help: """
      End after so many epochs in a row (patience, 5) in which a metric (\(EarlyStopping.Measure.allCases.map(\.rawValue).joined(separator: ", "))) \
      was better than in the best one by no more than min_delta (0). The best epoch by that metric is measured and used.
      """)
  public let maxTime = RecipeOption<TimeSpan?>(
    "max_time", default: nil, whenResumed: .free, valueName: "time",
    help:
      "End after the epoch in which this time of training is over, as 90s, 20m or 1h30m; of several trainings (--ensemble, --kfold) it is that of "
      + "each. --resume with more goes on.")

  public init() {}
}

/// What a training leaves while it goes on.
public struct SavingSection: RecipeSection {
  public static let title = "Checkpoints"

  public let checkpointEvery = RecipeOption<Int?>(
    "checkpoint_every", default: nil, range: .atLeast(1), whenResumed: .free,
    help: "A checkpoint after every N steps. There is one after each epoch anyway.")
  public let keep = RecipeOption<Int>("keep", default: 2, range: .atLeast(1), whenResumed: .free, help: "How many checkpoints are kept.")
  public let tensorboard = RecipeOption<Bool>(
    "tensorboard", default: false, whenResumed: .free, help: "Write event files for TensorBoard into the run folder.")
  public let monitor = RecipeOption<Bool>(
    "monitor", default: false, whenResumed: .free,
    help:
      """
      Look at every layer now and then (gradients, updates, activations), keep it in health.csv, and warn of what goes wrong. A look costs about as \
      much as a step.
      """)
  public let monitorEvery = RecipeOption<Int>(
    "monitor_every", default: HealthMonitor().interval, range: .from(1, to: 1_000_000), needs: .option("monitor"), whenResumed: .free,
    valueName: "steps", help: "Steps between two measurements of --monitor.")

  public init() {}
}

/// What keeps a model from learning its samples by heart.
public struct RegularizationSection: RecipeSection {
  public static let title = "Regularisation and averages"

  public let l1 = RecipeOption<Float>(
    "l1", default: 0, range: .atLeast(0), help: "Adds this times the sum of the weights' magnitudes to the loss.")
  public let l2 = RecipeOption<Float>(
    "l2", default: 0, range: .atLeast(0),
    help: "Adds half of this times the sum of the weights' squares to the loss; with l1 it is the elastic net.")
  public let maxNorm = RecipeOption<Float?>(
    "max_norm", default: nil, range: .aboveZero,
    help: "After each step, brings the weights of each unit (row, filter) down to this norm.")
  public let dropPath = RecipeOption<Float>(
    "drop_path", default: 0, range: .share, needs: .models(ModelZoo.residual),
    help: "Residual networks: how often the last block is left out for a sample; earlier ones less, in a straight line (stochastic depth).")
  public let ema = RecipeOption<Double?>(
    "ema", default: nil, range: .share,
    help: "Keeps an exponential mean of the weights with this decay, as in 0.999, and measures it beside them.")
  public let swa = RecipeOption<Int?>(
    "swa", default: nil, range: .atLeast(1),
    help: "Keeps the mean of the weights that epochs leave, from this epoch on, and measures it beside them (stochastic weight averaging).")

  public init() {}
}

/// What is done about classes of very different sizes.
public struct BalanceSection: RecipeSection {
  public static let title = "Unbalanced classes"

  public let classWeights = RecipeOption<ClassWeights?>(
    "class_weights", default: nil, valueName: "balanced|w1,w2,…",
    help:
      "How much samples of each class count: balanced (in inverse proportion to their number), or a number for each class; 0 leaves a class out "
      + "of the loss, as PyTorch's ignore_index does.")
  public let sampling = RecipeOption<TrainingOptions.Sampling>(
    "sampling", default: .shuffled,
    help: "shuffled (each sample once an epoch), or balanced (drawn with replacement, all classes as often).")

  public init() {}
}
