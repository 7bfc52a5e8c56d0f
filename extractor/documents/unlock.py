"""Passwords of Office files, by msoffcrypto-tool."""

from __future__ import annotations

from io import BytesIO

from extractor.errors import DocumentError

__all__ = ["unlock"]


def unlock(data: bytes, password: str | None) -> bytes:
    """The decrypted file. Raises DocumentError "encrypted" without the right password."""
    import msoffcrypto  # type: ignore[import-untyped]
    from msoffcrypto.exceptions import DecryptionError, InvalidKeyError, ParseError  # type: ignore[import-untyped]

    if password is None:
        raise DocumentError("the file is encrypted; give its password (password=, --password)", kind="encrypted")
    opened = BytesIO()
    try:
        file = msoffcrypto.OfficeFile(BytesIO(data))
        file.load_key(password=password, verify_password=True)
        file.decrypt(opened)
    except InvalidKeyError as error:
        raise DocumentError("the password does not open the file; give the right one", kind="encrypted") from error
    except (DecryptionError, ParseError, ValueError) as error:
        raise DocumentError(f"the encrypted file is damaged ({error}); fetch it again", kind="damaged") from error
    return opened.getvalue()
