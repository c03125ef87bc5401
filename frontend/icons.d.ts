declare module "icon:*" {
  const drawing: import("lit").SVGTemplateResult;
  export default drawing;
}
