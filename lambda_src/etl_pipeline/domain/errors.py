"""The ways in which a run may fail; the class names are a contract with the state machine and with operators."""


class UnexpectedEvent(Exception):
    """The event is not the creation of an object in a versioned bucket."""


class UnknownDataset(Exception):
    """The object's key names no dataset, or one without a contract."""


class BadContract(Exception):
    """The dataset's contract contradicts itself; the sentence says where."""


class UnknownFormat(Exception):
    """The file's name ends in none of the suffixes that can be read."""


class EmptyFile(Exception):
    """The file holds no header and no record; a header alone is a valid run of zero rows."""


class ObjectTooLarge(Exception):
    """The file, decompressed, is larger than the environment allows."""


class RecordTooLarge(Exception):
    """A single record is larger than a function may hold, often a quote that nobody closed."""


class NotText(Exception):
    """The file is not UTF-8 text."""


class TruncatedFile(Exception):
    """The file ends in the middle: inside the gzip stream, or inside a quoted field."""


class NotGzip(Exception):
    """The file is named .gz and is not a gzip stream, or a damaged one."""


class WrongColumns(Exception):
    """The file's columns are not the contract's."""


class UnprocessedItems(Exception):
    """The table did not accept every record before the function's time was over; loading again is safe."""


class CountsDiffer(Exception):
    """Rows read are not rows loaded plus rows rejected: something was lost."""


class TooManyDuplicates(Exception):
    """More rows repeat a key than a function can hold; there is no report of rejected rows."""


class RejectedShareExceeded(Exception):
    """More rows were rejected than the contract tolerates."""


class ClaimLost(Exception):
    """Another execution took this object version over while this one was running."""
