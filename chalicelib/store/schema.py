"""How values are stored: a dataclass is the declaration, and the attributes of its item follow from it.

A field that is added to a dataclass of the domain is stored and read from then on, and nothing else has to change. What
cannot be stored stops the import: a field of a type without a codec, one that may be None or an empty set and has no
default for it, and a name in an item class that is no field.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from inspect import get_annotations
from types import MappingProxyType, NoneType, UnionType
from typing import Any, ClassVar, Generic, Literal, Self, TypeVar, Union, get_args, get_origin

from pynamodb.models import MetaModel, Model

from chalicelib.store.attributes import (
    AnyAttribute,
    Attribute,
    BooleanAttribute,
    IdSetAttribute,
    IntegerAttribute,
    JSONAttribute,
    SetAttribute,
    TextAttribute,
    TextSetAttribute,
)
from chalicelib.store.expressions import Action, Condition

T = TypeVar("T")
V = TypeVar("V")

Raw = dict[str, dict[str, Any]]  # what the values are, the letters of their types say
"""An item as DynamoDB writes it: attribute name → type → value."""
Operation = dict[str, Any]  # each operation has a shape of its own, in botocore's model of the service
"""What DynamoDB is asked in one operation, or what it answers, as its API writes it."""
Fields = dict[str, Any]  # as the dataclass declares them
"""Fields of a dataclass, or attributes of its item, by name."""


class Reader(Generic[V]):
    """Reads values of one dataclass from stored items, in a quarter of the time that an item's class takes."""

    def __init__(self, kind: type[V], attributes: Mapping[str, AnyAttribute]) -> None:
        self._kind = kind
        self._known = {a.attr_name: (name, a.attr_type, a.deserialize) for name, a in attributes.items()}
        self.stored_names: Sequence[str] = tuple(self._known)
        """The attributes that are read, as DynamoDB knows them."""

    def read(self, raw: Raw) -> V:
        """The value of an item. What older code did not write has its default, what newer code has added is let be."""
        given: Fields = {}
        for stored, typed in raw.items():
            if (known := self._known.get(stored)) is not None:
                name, letter, load = known
                if letter in typed:
                    given[name] = load(typed[letter])
        return self._kind(**given)


@dataclass(frozen=True, slots=True)
class Changes:
    """What an update of one item writes."""

    names: tuple[str, ...]
    """The fields that differ."""
    actions: list[Action]
    unchanged: Condition
    """That nobody has changed the item since it was read."""


class _ItemClass(MetaModel):
    """The class of the item classes: `dir` says their attributes alone.

    pynamodb looks for these among all that a class has, twice for each: that was a third of their import.
    """

    def __init__(self, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> None:  # of whatever it has
        super().__init__(name, bases, namespace)
        self.by_stored_name: dict[str, AnyAttribute] = {a.attr_name: a for a in self._attributes.values()}  # type: ignore[misc] # all are ours

    def __dir__(self) -> set[str]:
        ours = [kind for kind in self.__mro__ if isinstance(kind, _ItemClass)]
        return {name for kind in ours for name, value in vars(kind).items() if isinstance(value, Attribute)}


class Item(Model, Generic[T], metaclass=_ItemClass):
    """An item that holds a value of the dataclass `T`, each field in an attribute of its own.

    An item class declares what the dataclass does not say: the table, attributes that are no fields, and, by an
    annotation alone, the fields that conditions and updates name, so that mypy knows them.
    """

    value_type: ClassVar[type[Any] | None] = None  # a class variable knows no `T`
    """The dataclass; None where an item holds none."""
    stored_as: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """Fields that are stored under another name than they have."""
    by_hand: ClassVar[tuple[str, ...]] = ()
    """Fields without an attribute of their own: see `attributes_by_hand` and `fields_by_hand`."""
    omits_defaults: ClassVar[bool] = False
    """Whether a field that has its default is not stored."""
    omitted: ClassVar[frozenset[str]] = frozenset()
    """Else those of which that is so: what few items have costs the others nothing."""
    guarded: ClassVar[frozenset[str]] = frozenset()
    """Fields that writes with conditions of their own move: no update touches them."""
    _reader: ClassVar[Reader[Any]]  # as above
    _own: ClassVar[dict[str, AnyAttribute]] = {}
    _defaults: ClassVar[Fields] = {}
    pk: TextAttribute
    sort_key: TextAttribute
    """Where the table has one."""

    def __init__(
        self,
        pk: str | None = None,
        sort_key: str | None = None,
        _user_instantiated: bool = True,
        **attributes: Any,  # as attributes take them
    ) -> None:
        """As pynamodb's, which asks each attribute of the class for its default: none of ours has one.

        Raises `TypeError` for an attribute that there is not.
        """
        if unknown := attributes.keys() - self.get_attributes().keys():
            raise TypeError(f"{type(self).__name__} has no attribute {', '.join(sorted(unknown))}")
        self.attribute_values = attributes
        if pk is not None:
            attributes["pk"] = pk
        if sort_key is not None:
            attributes["sort_key"] = sort_key

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if (value_type := _held_by(cls)) is not None:
            cls.value_type = value_type
            _declare(cls, value_type)
        for name, wanted in get_annotations(cls).items():
            if not isinstance(getattr(cls, name, None), wanted):
                raise TypeError(f"{cls.__name__}.{name} is no field of the type {wanted.__name__}")

    @classmethod
    def get_attributes(cls) -> dict[str, AnyAttribute]:  # type: ignore[override] # pynamodb's, all of them ours
        """The attributes, by their names in the code."""
        return cls._attributes  # type: ignore[return-value] # as above

    @classmethod
    def from_raw_data(cls, data: Raw) -> Self:
        """As pynamodb's, which asks each attribute of the class twice, where most items have a few of them."""
        item = cls()
        for stored, typed in data.items():
            if typed and "NULL" not in typed and (attribute := cls.by_stored_name.get(stored)) is not None:
                item.attribute_values[attribute.name] = attribute.deserialize(attribute.get_value(typed))
        return item

    @classmethod
    def of(cls, value: T, pk: str, sort_key: str | None = None, **more: Any) -> Self:  # as attributes take them
        """The item that holds a value. What is None, or empty without being a text, has no attribute."""
        return cls(pk, sort_key, **cls.attributes_of(value), **more)

    def to_domain(self) -> T:
        """The value that the item holds, by whichever code it was written (`Reader.read`)."""
        given = {name: v for name, v in self.attribute_values.items() if name in self._own and v is not None}
        value: T = self.value_type(**given, **self.fields_by_hand())  # type: ignore[misc] # None holds no value
        return value

    @classmethod
    def from_raw(cls, raw: Raw) -> T:
        """As `to_domain`, of an item as it is stored; where nothing is done by hand, in a quarter of the time."""
        value: T = cls.from_raw_data(raw).to_domain() if cls.by_hand else cls._reader.read(raw)
        return value

    @classmethod
    def reader(cls, kind: type[V]) -> Reader[V]:
        """What reads some fields of such items, as a dataclass that has no others. Raises `TypeError`."""
        if unknown := {field.name for field in fields(kind)} - cls._own.keys():  # type: ignore[arg-type] # of a dataclass
            raise TypeError(f"{cls.__name__} has no attribute for {', '.join(sorted(unknown))} of {kind.__name__}")
        return Reader(kind, {field.name: cls._own[field.name] for field in fields(kind)})  # type: ignore[arg-type]

    @classmethod
    def changes(cls, old: T, new: T) -> Changes:
        """What an update has to write that makes `old` into `new`; it moves the `revision`.

        Raises `ValueError` where a guarded field differs. The old values of what changes stand in the condition, too: a
        process of before there were revisions moves none, and is seen by these.
        """
        was, becomes = cls.attributes_of(old), cls.attributes_of(new)
        attributes = cls.get_attributes()
        differing = [name for name in attributes if was.get(name) != becomes.get(name)]
        if moved := (cls.guarded | {"revision"}).intersection(differing):
            raise ValueError(f"no update changes {', '.join(sorted(moved))}")
        actions: list[Action] = [
            attributes[name].set(becomes[name]) if name in becomes else attributes[name].remove() for name in differing
        ]
        names = tuple(name for name in differing if name in cls._own)
        revision = attributes["revision"]
        unchanged = cls.unchanged(old, revision, *(attributes[name] for name in names))
        return Changes(names, [*actions, revision.set(was["revision"] + 1)], unchanged)

    @classmethod
    def unchanged(cls, seen: T, *of: AnyAttribute) -> Condition:
        """That the item is there, and that these attributes are as in a value that was read.

        Older code may not have stored one that has its default.
        """
        stored, condition = cls.attributes_of(seen), cls.get_attributes()["pk"].exists()
        for attribute in of:
            name = cls._dynamo_to_python_attr(attribute.attr_name)
            absent = attribute.does_not_exist()
            if name not in stored:
                condition &= absent
            elif stored[name] == cls._defaults.get(name):
                condition &= (attribute == stored[name]) | absent
            else:
                condition &= attribute == stored[name]
        return condition

    @classmethod
    def attributes_of(cls, value: T) -> Fields:
        """What is stored of a value, by the names in the code."""
        given = {name: getattr(value, name) for name in cls._own}
        if omitted := cls._defaults.keys() if cls.omits_defaults else cls.omitted:
            given = {name: v for name, v in given.items() if name not in omitted or v != cls._defaults[name]}
        return {name: v for name, v in (given | cls.attributes_by_hand(value)).items() if not _is_nothing(v)}

    @classmethod
    def attributes_by_hand(cls, value: T) -> Fields:  # noqa: ARG003 - those that have some need it
        """What is stored of a value beside its fields: what follows from them, for conditions."""
        return {}

    def fields_by_hand(self) -> Fields:
        """The fields that are `by_hand`, as keys and other attributes say them; those left out have their default."""
        return {}


AnyItem = Item[Any]  # of whatever kind


def from_names(stored: Mapping[str, object], kind: type[V]) -> V:
    """The value of fields by name in JSON, tolerant as `Reader.read` is."""
    names: Mapping[str, object] = kind.__dataclass_fields__  # type: ignore[attr-defined] # all of the domain are dataclasses
    return kind(**{name: value for name, value in stored.items() if name in names and value is not None})


def from_row(columns: Iterable[str], row: Iterable[object], kind: type[V]) -> V:
    """The value of a row in a table with these columns; of before there were more, a row is shorter."""
    return from_names(dict(zip(columns, row, strict=False)), kind)


class Rows(Generic[V]):
    """Values of a dataclass as rows in JSON, where one item holds many: the names of the columns stand beside them.

    `first`: the columns of before they were named, which come first in all others, too: older processes read by
    position. Raises `TypeError` where one of them is no field.
    """

    def __init__(self, kind: type[V], first: tuple[str, ...]) -> None:
        names = [field.name for field in fields(kind)]  # type: ignore[arg-type] # of a dataclass
        if unknown := set(first) - set(names):
            raise TypeError(f"{kind.__name__} has no field {', '.join(sorted(unknown))}, which older processes read")
        self._kind, self._first = kind, first
        self.columns = (*first, *(name for name in names if name not in first))

    def of(self, values: Iterable[V]) -> list[list[object]]:
        """The rows of these values."""
        return [[getattr(value, name) for name in self.columns] for value in values]

    def read(self, columns: Iterable[str] | None, rows: Iterable[Iterable[object]]) -> list[V]:
        """The values of rows with these columns, in their order; None: as before they were named."""
        return [from_row(tuple(columns or self._first), row, self._kind) for row in rows]


def _is_nothing(value: object) -> bool:
    return value is None or (not value and isinstance(value, frozenset | dict))


def _held_by(cls: type[AnyItem]) -> type[Any] | None:  # a dataclass
    """The dataclass in `class SeatItem(LicensesItem[Seat])`."""
    arguments = [arg for base in cls.__dict__.get("__orig_bases__", ()) for arg in get_args(base)]
    return next((arg for arg in arguments if is_dataclass(arg) and isinstance(arg, type)), None)


def _declare(cls: type[AnyItem], value_type: type[Any]) -> None:  # a dataclass
    """Make the attributes of an item class. Raises `TypeError`."""
    declared = {field.name: field for field in fields(value_type)}
    if unknown := {*cls.by_hand, *cls.stored_as, *cls.guarded, *cls.omitted} - declared.keys():
        raise TypeError(f"{value_type.__name__} has no field {', '.join(sorted(unknown))}")
    cls._own, cls._defaults = {}, {}
    for name, field in declared.items():
        if name in cls.by_hand:
            continue
        if hasattr(cls, name):
            raise TypeError(f"{value_type.__name__}.{name} cannot be stored: {cls.__name__} has that name already")
        attribute = _attribute(value_type, field, cls.stored_as.get(name))
        setattr(cls, name, attribute)
        attribute.__set_name__(cls, name)
        cls._own[name] = attribute
        if field.default is not MISSING:
            cls._defaults[name] = field.default
    cls._reader = Reader(value_type, cls._own)


_KINDS: dict[object, type[AnyAttribute]] = {
    str: TextAttribute,
    int: IntegerAttribute,
    bool: BooleanAttribute,
    frozenset[str]: TextSetAttribute,
    frozenset[int]: IdSetAttribute,
}


def _attribute(owner: type[object], field: Field[object], stored_as: str | None) -> AnyAttribute:
    """The attribute of a field. Raises `TypeError` for one that could not be read back as it was."""
    hint = field.type
    optional = get_origin(hint) in (Union, UnionType) and NoneType in get_args(hint)
    plain = [arg for arg in get_args(hint) if arg is not NoneType] if optional else [hint]
    kind = _codec(plain[0]) if len(plain) == 1 else None
    where = f"{owner.__name__}.{field.name}"
    if kind is None:
        raise TypeError(f"{where} cannot be stored: there is no codec for {hint}")
    has_default = field.default is not MISSING or field.default_factory is not MISSING
    if optional and field.default is not None:
        raise TypeError(f"{where} cannot be stored: None has no attribute, so it has to be the default")
    if issubclass(kind, SetAttribute | JSONAttribute) and not has_default:
        raise TypeError(f"{where} cannot be stored: what is empty has no attribute, so it has to have a default")
    return kind(null=has_default, attr_name=stored_as)


def _codec(hint: object) -> type[AnyAttribute] | None:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return TextAttribute if all(isinstance(argument, str) for argument in arguments) else None
    if origin is frozenset and get_origin(arguments[0]) is Literal:
        return _KINDS[frozenset[str]]
    return JSONAttribute if origin is dict else _KINDS.get(hint)
