"""files.*: an app asks for an address, sends the bytes there, and completes the upload into a conversation.

Source: https://docs.slack.dev/messaging/working-with-files.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aiohttp import web

from bot.demo.slack.desk import AppContext, Args, MethodError, invalid_arguments
from bot.demo.slack.entities import Json, Message, Upload

if TYPE_CHECKING:
    from bot.demo.slack.workspace import Workspace

MOST_ALT_TEXT = 1_000
_CONVERSATION = re.compile(r"[CGDZ][A-Z0-9]+")


def get_upload_url(ctx: AppContext, args: Args) -> Json:
    """files.getUploadURLExternal"""
    length = args.number("length", 0)
    if length <= 0:
        raise invalid_arguments("must be greater than 0 [json-pointer:/length]")
    if len(args.text("alt_txt") or "") > MOST_ALT_TEXT:
        raise MethodError("alt_txt_too_large")
    upload = Upload(id=f"F0{ctx.workspace.next_number():08d}", name=args.needed("filename"), length=length)
    ctx.workspace.uploads[upload.id] = upload
    return {"upload_url": f"{ctx.workspace.address}/upload/{upload.id}", "file_id": upload.id}


def complete_upload(ctx: AppContext, args: Args) -> Json:
    """files.completeUploadExternal: without a conversation the file is the app's alone."""
    wanted = args.structure("files", "invalid_arguments")
    if not isinstance(wanted, list) or not wanted:
        raise invalid_arguments("missing required field: files")
    done: list[Upload] = []
    for one in wanted:
        upload = ctx.workspace.uploads.get(str(one.get("id"))) if isinstance(one, dict) else None
        if upload is None or upload.content is None:
            raise MethodError("file_not_found")
        upload.title = str(one.get("title") or upload.name)
        done.append(upload)
    channel_id = args.text("channel_id")
    if channel_id is not None:
        _share(ctx, channel_id, done, args)
    return {"files": [{"id": one.id, "title": one.title} for one in done]}


def _share(ctx: AppContext, channel_id: str, done: list[Upload], args: Args) -> None:
    if not _CONVERSATION.fullmatch(channel_id):  # a person's id or a name is refused
        raise invalid_arguments("failed to match pattern [json-pointer:/channel_id]")
    channel = ctx.workspace.channels.get(channel_id)
    if channel is None or not ctx.is_member(channel):
        raise MethodError("channel_not_found" if channel is None else "not_in_channel")
    app = ctx.workspace.app
    message = Message(
        channel=channel.id,
        ts=ctx.ts(),
        text=args.text("initial_comment") or "",
        user=app.bot_user_id,
        bot_id=app.bot_id,
        app_id=app.id,
        thread_ts=args.text("thread_ts"),
        files=[_file_json(ctx.workspace, one) for one in done],
    )
    ctx.workspace.post(message)


def _file_json(workspace: Workspace, upload: Upload) -> Json:
    return {
        "id": upload.id,
        "name": upload.name,
        "title": upload.title,
        "filetype": upload.name.rpartition(".")[2],
        "size": upload.length,
        "url_private_download": f"{workspace.address}/upload/{upload.id}",
    }


async def take_bytes(workspace: Workspace, request: web.Request) -> web.StreamResponse:
    """What Slack's upload address does: it takes exactly the promised number of bytes, once."""
    upload = workspace.uploads.get(request.match_info["file"])
    if upload is None or upload.content is not None:
        return web.Response(status=404)
    content = await request.read()
    if len(content) != upload.length:
        return web.Response(status=400, text="length does not match")
    upload.content = content
    return web.Response(text=f"OK - {len(content)}")


async def give_bytes(workspace: Workspace, request: web.Request) -> web.StreamResponse:
    """The file, for the demo's page."""
    upload = workspace.uploads.get(request.match_info["file"])
    if upload is None or upload.content is None:
        return web.Response(status=404)
    headers = {"Content-Disposition": f'attachment; filename="{upload.name}"'}
    return web.Response(body=upload.content, content_type="text/csv", headers=headers)
